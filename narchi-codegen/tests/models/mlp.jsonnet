{
    _description: 'A multilayer perceptron.',
    inputs: [{ _id: 'features', _shape: [8] }],
    outputs: [{ _id: 'scores', _shape: [3] }],
    blocks: [
        { _id: 'hidden', _class: 'Linear', output_feats: 64 },
        { _id: 'act', _class: 'ReLU' },
        { _id: 'last', _class: 'Linear', output_feats: 3 },
        { _id: 'softmax', _class: 'Softmax', dim: 1 },
    ],
    graph: ['features -> hidden -> act -> last -> softmax -> scores'],
}
