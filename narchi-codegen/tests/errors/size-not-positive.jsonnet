// No size of `H` and `W` is known for which a difference is positive.
{
    inputs: [{ _id: 'a', _shape: ['<<variable:H>>'] }, { _id: 'b', _shape: ['<<variable:W>>', '<<variable:H-W>>'] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>', '<<auto>>'] }, { _id: 'z', _shape: ['<<auto>>'] }],
    blocks: [{ _id: 'act', _class: 'ReLU' }, { _id: 'other', _class: 'ReLU' }],
    graph: ['b -> act -> y', 'a -> other -> z'],
}
