// How `x` is split would depend on another input.
{
    inputs: [{ _id: 'x', _shape: ['<<variable:4*L>>'] }, { _id: 'p', _shape: ['<<variable:A>>'] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>', '<<auto>>'] }, { _id: 'z', _shape: ['<<auto>>'] }],
    blocks: [
        { _id: 'split', _class: 'Reshape', reshape_spec: [{ '0': [4, '<<auto>>'] }] },
        { _id: 'act', _class: 'ReLU' },
    ],
    graph: ['x -> split -> y', 'p -> act -> z'],
}
