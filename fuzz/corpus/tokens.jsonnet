{
    _description: 'Words and their frequencies.',
    inputs: [
        { _id: 'tokens', _shape: ['<<variable:L>>'], _description: 'Positions in the dictionary.' },
        { _id: 'weights', _shape: ['<<variable:L>>', 6] },
    ],
    outputs: [
        { _id: 'topics', _shape: [4] },
        { _id: 'loudness', _shape: ['<<auto>>', '<<auto>>'] },
    ],
    blocks: [
        {
            _id: 'embed',
            _class: 'Sequential',
            blocks: [
                { _class: 'Identity' },
                { _class: 'Embedding', num_embeddings: '<<variable:words>>', output_feats: 6, padding_idx: 0 },
            ],
        },
        { _id: 'add', _class: 'Add' },
        { _id: 'turn', _class: 'Reshape', reshape_spec: [1, 0] },
        { _id: 'act', _class: 'LeakyReLU', negative_slope: 0.2 },
        { _id: 'best', _class: 'AdaptiveMaxPool1d', output_feats: 2 },
        { _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' },
        { _id: 'fc', _class: 'Linear', output_feats: 4 },
        { _id: 'log', _class: 'LogSigmoid' },
        { _id: 'tanh', _class: 'Tanh' },
        { _id: 'mean', _class: 'AvgPool1d', kernel_size: 2 },
    ],
    graph: [
        'tokens -> embed -> add -> turn -> act -> best -> flat -> fc -> log -> topics',
        'weights -> add',
        'turn -> tanh -> mean -> loudness',
    ],
}
