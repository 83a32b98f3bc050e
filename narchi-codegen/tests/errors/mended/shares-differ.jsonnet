{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [4] }],
    blocks: [
        { _id: 'wide', _class: 'Linear', output_feats: 8 },
        { _id: 'narrow', _class: 'Linear', output_feats: 4 },
    ],
    graph: ['x -> wide -> narrow -> y'],
}
