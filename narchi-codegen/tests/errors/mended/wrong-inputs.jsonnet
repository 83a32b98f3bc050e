{
    inputs: [{ _id: 'a', _shape: [8] }, { _id: 'b', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [4] }],
    blocks: [
        { _id: 'sum', _class: 'Add' },
        { _id: 'fc', _class: 'Linear', output_feats: 4 },
    ],
    graph: ['a -> sum -> fc -> y', 'b -> sum'],
}
