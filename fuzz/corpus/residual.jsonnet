// Groups with equal structure share one struct; the one that projects has its own.
local Conv(id, feats, stride=1) = {
    _id: id,
    _class: 'Conv2d',
    output_feats: feats,
    kernel_size: 3,
    stride: stride,
    padding: 1,
    bias: false,
};
local Block(id, feats, stride=1) = {
    local project = stride > 1,
    _id: id,
    _class: 'Group',
    _name: 'ResBlock',
    input: 'ident',
    output: 'relu2',
    blocks: std.prune([
        { _id: 'ident', _class: 'Identity' },
        Conv('conv1', feats, stride),
        { _id: 'bn1', _class: 'BatchNorm2d' },
        { _id: 'relu1', _class: 'ReLU' },
        Conv('conv2', feats),
        { _id: 'bn2', _class: 'BatchNorm2d' },
        if project then {
            _id: 'downsample',
            _class: 'Sequential',
            blocks: [
                { _class: 'Conv2d', output_feats: feats, kernel_size: 1, stride: stride, bias: false },
                { _class: 'BatchNorm2d' },
            ],
        },
        { _id: 'add', _class: 'Add' },
        { _id: 'relu2', _class: 'ReLU' },
    ]),
    graph: [
        'ident -> conv1 -> bn1 -> relu1 -> conv2 -> bn2 -> add -> relu2',
        if project then 'ident -> downsample -> add' else 'ident -> add',
    ],
};
{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'logits', _shape: ['<<variable:K>>'] }],
    blocks: [
        Conv('stem', 16),
        { _id: 'layer1', _class: 'Sequential', blocks: [Block('a', 16), Block('b', 16)] },
        { _id: 'layer2', _class: 'Sequential', blocks: [Block('a', 32, 2), Block('b', 32)] },
        { _id: 'layer3', _class: 'Sequential', blocks: [Block('a', 64, 2), Block('b', 64)] },
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: [1, 1] },
        { _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' },
        { _id: 'fc', _class: 'Linear', output_feats: '<<variable:K>>' },
    ],
    graph: ['image -> stem -> layer1 -> layer2 -> layer3 -> pool -> flat -> fc -> logits'],
}
