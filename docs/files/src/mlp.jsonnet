{
    inputs: [{ _id: 'features', _shape: [8] }],
    outputs: [{ _id: 'scores', _shape: [3] }],
    blocks: [
        { _id: 'hidden', _class: 'Linear', output_feats: 64 },
        { _id: 'act', _class: 'ReLU' },
        { _id: 'last', _class: 'Linear', output_feats: 3 },
    ],
    graph: ['features -> hidden -> act -> last -> scores'],
}
