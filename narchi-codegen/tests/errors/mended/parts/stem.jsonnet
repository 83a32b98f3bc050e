{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:A>>', '<<variable:B>>'] }],
    outputs: [{ _id: 'map', _shape: [8, '<<variable:A>>', '<<variable:B>>'] }],
    blocks: [{ _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: 3, padding: 1 }],
    graph: ['image -> conv -> map'],
}
