local Conv(id, feats, stride=1) = {
    _id: id,
    _class: 'Conv2d',
    output_feats: feats,
    kernel_size: 3,
    stride: stride,
    padding: 1,
};
{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'logits', _shape: [10] }],
    blocks: [
        Conv('conv1', 64, stride=2),
        {
            _id: 'block',
            _class: 'Group',
            input: 'ident',
            output: 'add',
            blocks: [
                { _id: 'ident', _class: 'Identity' },
                Conv('conv2', 64),
                { _id: 'add', _class: 'Add' },
            ],
            graph: [
                'ident -> conv2 -> add',
                'ident -> add',
            ],
        },
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: [1, 1] },
        { _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' },
        { _id: 'fc', _class: 'Linear', output_feats: 10 },
    ],
    graph: ['image -> conv1 -> block -> pool -> flat -> fc -> logits'],
}
