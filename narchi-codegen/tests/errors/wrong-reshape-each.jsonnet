{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', 8] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>'] }],
    blocks: [
        { _id: 'columns', _class: 'Reshape', reshape_spec: [2, [0, 2]] },
        { _id: 'heads', _class: 'Reshape', reshape_spec: [0, 1, { '2': ['<<auto>>', '<<auto>>'] }] },
        { _id: 'flat', _class: 'Reshape', reshape_spec: 'flat' },
    ],
    graph: ['image -> columns -> heads -> flat -> y'],
}
