{
    inputs: [{ _id: 'x', _shape: [6, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [
        { _id: 'columns', _shape: ['<<variable:W>>', '<<auto>>'] },
        { _id: 'heads', _shape: [1, 2, 3, '<<auto>>'] },
        { _id: 'halves', _shape: [6, 2, '<<variable:H/2>>', '<<variable:W>>'] },
    ],
    blocks: [
        { _id: 'to_columns', _class: 'Reshape', reshape_spec: [2, [0, 1]] },
        { _id: 'split', _class: 'Reshape', reshape_spec: [null, { '0': [2, '<<auto>>'] }, [1, 2]] },
        { _id: 'halve', _class: 'Reshape', reshape_spec: [0, { '1': [2, '<<auto>>'] }, 2] },
    ],
    graph: ['x -> to_columns -> columns', 'x -> split -> heads', 'x -> halve -> halves'],
}
