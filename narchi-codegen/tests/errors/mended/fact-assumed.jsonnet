{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'features', _shape: [8, '<<variable:ceil(H/2)>>', '<<variable:ceil(W/2)>>'] }],
    blocks: [
        { _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: 3, stride: 2, padding: 1 },
    ],
    graph: ['image -> conv -> features'],
}
