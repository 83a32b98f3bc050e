{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'maps', _shape: [8, '<<auto>>', '<<auto>>'] }],
    blocks: [{ _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: [3, 3] }],
    graph: ['image -> conv -> maps'],
}
