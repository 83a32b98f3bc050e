// One split needs an even length, the other an odd one.
{
    inputs: [{ _id: 'x', _shape: [4, '<<variable:L>>'] }],
    outputs: [
        { _id: 'y', _shape: [4, 2, '<<auto>>'] },
        { _id: 'z', _shape: [4, 2, '<<auto>>'] },
    ],
    blocks: [
        { _id: 'longer', _class: 'Conv1d', output_feats: 4, kernel_size: 3, padding: 1 },
        { _id: 'even', _class: 'Reshape', reshape_spec: [0, { '1': [2, '<<auto>>'] }] },
        { _id: 'odd', _class: 'Reshape', reshape_spec: [0, { '1': [2, '<<auto>>'] }] },
    ],
    graph: ['x -> even -> y', 'x -> longer -> odd -> z'],
}
