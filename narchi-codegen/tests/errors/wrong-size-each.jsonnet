{
    inputs: [{ _id: 'x', _shape: [0, '<<auto>>', 'H', '<<variable:H*>>'] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 8 }],
    graph: ['x -> fc -> y'],
}
