// Included by modules.jsonnet: its `H` and `W` are whatever is fed in.
{
    inputs: [{ _id: 'image', _shape: ['<<variable:C>>', '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'map', _shape: [std.extVar('feats'), '<<variable:H/2>>', '<<variable:Q>>'] }],
    blocks: [
        { _id: 'conv', _class: 'Conv2d', output_feats: std.extVar('feats'), kernel_size: 3, stride: 2, padding: 1 },
        { _id: 'act', _class: 'ReLU' },
    ],
    graph: ['image -> conv -> act -> map'],
}
