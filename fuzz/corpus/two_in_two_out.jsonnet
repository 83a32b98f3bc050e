{
    inputs: [
        { _id: 'left', _description: 'What the left eye sees.', _shape: [3, '<<variable:H>>', '<<variable:W>>'] },
        { _id: 'right', _shape: [3, '<<variable:H>>', '<<variable:W>>'] },
    ],
    outputs: [
        { _id: 'depth', _shape: [1, '<<auto>>', '<<auto>>'] },
        { _id: 'shared', _shape: ['<<auto>>', '<<variable:H>>', '<<variable:W>>'] },
    ],
    blocks: [
        { _id: 'eye', _class: 'Conv2d', output_feats: 8, kernel_size: 5, padding: 'same' },
        { _id: 'other_eye', _class: 'Conv2d', output_feats: 8, kernel_size: 5, padding: 'same' },
        { _id: 'both', _class: 'Concatenate', dim: 0 },
        { _id: 'pool', _class: 'MaxPool2d', kernel_size: 3, ceil_mode: true },
        { _id: 'last', _class: 'Conv2d', output_feats: 1, kernel_size: 1 },
    ],
    graph: [
        'left -> eye -> both -> pool -> last -> depth',
        'right -> other_eye -> both',
        'both -> shared',
    ],
}
