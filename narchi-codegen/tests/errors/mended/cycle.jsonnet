{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [
        { _id: 'a', _class: 'Linear', output_feats: 8 },
        { _id: 'b', _class: 'Linear', output_feats: 8 },
        { _id: 'c', _class: 'ReLU' },
    ],
    graph: ['x -> a -> b -> c -> y'],
}
