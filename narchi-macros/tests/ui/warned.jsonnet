{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [4] }],
    blocks: [
        { _id: 'last', _class: 'Linear', output_feats: 4 },
        { _id: 'extra', _class: 'Linear', output_feats: 2 },
    ],
    graph: ['x -> last -> y', 'x -> extra'],
}
