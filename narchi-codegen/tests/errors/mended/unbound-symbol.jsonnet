{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>'] }],
    outputs: [{ _id: 'features', _shape: [3, '<<variable:H>>'] }],
    blocks: [{ _id: 'act', _class: 'ReLU' }],
    graph: ['image -> act -> features'],
}
