{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'sum', _shape: [8, '<<auto>>', '<<auto>>'] }],
    blocks: [
        { _id: 'wide', _class: 'Conv2d', output_feats: 8, kernel_size: 3, padding: 1 },
        { _id: 'narrow', _class: 'Conv2d', output_feats: 4, kernel_size: 3, padding: 1 },
        { _id: 'add', _class: 'Add' },
    ],
    graph: [
        'image -> wide -> add -> sum',
        'image -> narrow -> add',
    ],
}
