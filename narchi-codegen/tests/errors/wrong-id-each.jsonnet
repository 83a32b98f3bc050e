{
    inputs: [{ _id: 'x-1', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: '1st', _class: 'Linear', output_feats: 8 }],
    graph: ['x -> fc -> y'],
}
