{
    inputs: [{ _id: 'x', _shape: [3, 8, 8] }],
    outputs: [{ _id: 'y', _shape: [4, '<<auto>>', '<<auto>>'] }],
    blocks: [{ _id: 'conv', _class: 'Conv2d', output_feats: 4, kernel_size: 3 }],
    graph: ['x -> conv -> y'],
}
