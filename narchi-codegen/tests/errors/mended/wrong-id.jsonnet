{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc_1', _class: 'Linear', output_feats: 8 }],
    graph: ['x -> fc_1 -> y'],
}
