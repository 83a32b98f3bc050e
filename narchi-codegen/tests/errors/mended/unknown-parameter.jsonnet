{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'logits', _shape: [10] }],
    blocks: [
        { _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: 3, padding: 1 },
        { _id: 'act', _class: 'ReLU' },
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: [1, 1] },
        { _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' },
        { _id: 'fc', _class: 'Linear', output_feats: 10 },
    ],
    graph: ['image -> conv -> act -> pool -> flat -> fc -> logits'],
}
