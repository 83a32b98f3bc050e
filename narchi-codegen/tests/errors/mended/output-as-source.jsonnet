{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }, { _id: 'z', _shape: [8] }],
    blocks: [
        { _id: 'fc', _class: 'Linear', output_feats: 8 },
        { _id: 'act', _class: 'ReLU' },
    ],
    graph: ['x -> fc -> y', 'fc -> act -> z'],
}
