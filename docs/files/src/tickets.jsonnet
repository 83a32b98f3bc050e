// A few layers for numbers that describe something.
local Dense(feats) = {
    _class: 'Sequential',
    blocks: [
        { _class: 'Linear', output_feats: feats },
        { _class: 'BatchNorm1d' },
        { _class: 'ReLU' },
    ],
};

{
    _description: 'Where a ticket belongs, and how urgent it is.',
    inputs: [
        { _id: 'photo', _shape: [3, 64, 64] },
        { _id: 'words', _shape: [2000], _description: 'how often each word occurs' },
        { _id: 'sender', _shape: [12] },
    ],
    blocks: [
        {
            _id: 'see',
            _class: 'Sequential',
            blocks: [
                { _class: 'Conv2d', output_feats: 32, kernel_size: 3, stride: 2, padding: 1 },
                { _class: 'BatchNorm2d' },
                { _class: 'ReLU' },
                { _class: 'AdaptiveAvgPool2d', output_feats: 4 },
                { _class: 'Reshape', reshape_spec: 'flatten' },
            ],
        },
        Dense(128) { _id: 'read' },
        Dense(16) { _id: 'know' },
        { _id: 'join', _class: 'Concatenate', dim: 0 },
        Dense(64) { _id: 'think' },
        { _id: 'choose', _class: 'Linear', output_feats: 5 },
        { _id: 'rate', _class: 'Linear', output_feats: 1 },
    ],
    graph: [
        'photo -> see -> join',
        'words -> read -> join',
        'sender -> know -> join',
        'join -> think -> choose -> team',
        'think -> rate -> urgency',
    ],
    outputs: [
        { _id: 'team', _shape: [5] },
        { _id: 'urgency', _shape: [1] },
    ],
}
