// Two inputs and two outputs, by name.
{
    inputs: [
        { _id: 'left', _shape: ['<<variable:K>>', '<<variable:L>>'] },
        { _id: 'right', _shape: ['<<variable:K>>', '<<variable:L>>'] },
    ],
    outputs: [{ _id: 'sum', _shape: ['<<variable:K>>', '<<variable:L>>'] }, { _id: 'both', _shape: ['<<variable:2*K>>', '<<auto>>'] }],
    blocks: [
        { _id: 'add', _class: 'Add' },
        { _id: 'cat', _class: 'Concatenate', dim: 0 },
    ],
    graph: ['left -> add -> sum', 'right -> add', 'left -> cat -> both', 'right -> cat'],
}
