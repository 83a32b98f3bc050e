{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', 32] }],
    outputs: [{ _id: 'features', _shape: [16, '<<variable:H/2+1>>', 8] }],
    blocks: [
        { _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: 3, stride: 2, padding: 1 },
    ],
    graph: ['image -> conv -> features'],
}
