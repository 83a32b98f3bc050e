{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>', '<<auto>>'] }],
    blocks: [{ _id: 'split', _class: 'Reshape', reshape_spec: [{ '0': [2, '<<auto>>'] }] }],
    graph: ['x -> split -> y'],
}
