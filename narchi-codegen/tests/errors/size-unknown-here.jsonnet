{
    inputs: [{ _id: 'x', _shape: ['<<variable:A*B>>'] }, { _id: 'p', _shape: ['<<variable:A>>', '<<variable:B>>'] }],
    outputs: [{ _id: 'y', _shape: ['<<variable:A>>', '<<variable:B>>'] }, { _id: 'z', _shape: ['<<auto>>', '<<auto>>'] }],
    blocks: [{ _id: 'split', _class: 'Reshape', reshape_spec: [{ '0': ['<<variable:A>>', '<<variable:B>>'] }] }, { _id: 'act', _class: 'ReLU' }],
    graph: ['x -> split -> y', 'p -> act -> z'],
}
