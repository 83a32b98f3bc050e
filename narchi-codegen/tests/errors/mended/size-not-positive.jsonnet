// `W` may be larger than `H`.
{
    inputs: [
        { _id: 'a', _shape: ['<<variable:H>>'] },
        { _id: 'b', _shape: ['<<variable:W>>', '<<variable:D>>'] },
    ],
    outputs: [{ _id: 'y', _shape: ['<<auto>>'] }, { _id: 'z', _shape: ['<<auto>>', '<<auto>>'] }],
    blocks: [{ _id: 'act', _class: 'ReLU' }, { _id: 'other', _class: 'ReLU' }],
    graph: ['a -> act -> y', 'b -> other -> z'],
}
