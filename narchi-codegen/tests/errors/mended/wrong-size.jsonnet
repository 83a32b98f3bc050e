{
    inputs: [{ _id: 'x', _shape: ['<<variable:L>>', 8] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>', 8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 8 }],
    graph: ['x -> fc -> y'],
}
