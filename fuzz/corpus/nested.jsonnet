// Unnamed children of Sequentials, and a run of equal ones.
local Unit(feats) = {
    _class: 'Sequential',
    blocks: [
        { _class: 'Conv1d', output_feats: feats, kernel_size: 3, padding: 1 },
        { _class: 'BatchNorm1d' },
        { _class: 'ReLU', inplace: true },
        { _class: 'Dropout', p: 0.1 },
    ],
};
{
    inputs: [{ _id: 'signal', _shape: [2, '<<variable:L>>'] }],
    outputs: [{ _id: 'y', _shape: [16, '<<variable:L>>'] }],
    blocks: [
        {
            _id: 'features',
            _class: 'Sequential',
            blocks: [
                Unit(8),
                { _class: 'Sequential', blocks: [Unit(8) for _ in std.range(1, 5)] },
                Unit(16),
            ],
        },
        { _id: 'log', _class: 'LogSoftmax', dim: 1 },
    ],
    graph: ['signal -> features -> log -> y'],
}
