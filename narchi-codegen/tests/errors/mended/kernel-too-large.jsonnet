{
    inputs: [{ _id: 'digit', _shape: [1, 8, 8] }],
    outputs: [{ _id: 'features', _shape: [8, '<<auto>>', '<<auto>>'] }],
    blocks: [
        { _id: 'conv1', _class: 'Conv2d', output_feats: 8, kernel_size: 5 },
        { _id: 'conv2', _class: 'Conv2d', output_feats: 8, kernel_size: 3 },
    ],
    graph: ['digit -> conv1 -> conv2 -> features'],
}
