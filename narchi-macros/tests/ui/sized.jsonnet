{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>'] }],
    blocks: [
        { _id: 'hidden', _class: 'Linear', output_feats: std.extVar('feats') },
        { _id: 'last', _class: 'Linear', output_feats: std.extVar('classes') },
    ],
    graph: ['x -> hidden -> last -> y'],
}
