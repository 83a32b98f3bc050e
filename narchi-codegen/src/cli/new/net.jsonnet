// A network for small images; `narchi-codegen summary src/net.jsonnet` shows it.
local Conv(feats, stride=1) = {
    _class: 'Sequential',
    blocks: [
        { _class: 'Conv2d', output_feats: feats, kernel_size: 3, stride: stride, padding: 1, bias: false },
        { _class: 'BatchNorm2d' },
        { _class: 'ReLU' },
    ],
};
{
    _description: 'Says which of ten things an image shows.',
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'scores', _shape: [10] }],
    blocks: [
        Conv(32) { _id: 'stem' },
        Conv(64, stride=2) { _id: 'down' },
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: 1 },
        { _id: 'flatten', _class: 'Reshape', reshape_spec: 'flatten' },
        { _id: 'fc', _class: 'Linear', output_feats: 10 },
    ],
    graph: ['image -> stem -> down -> pool -> flatten -> fc -> scores'],
}
