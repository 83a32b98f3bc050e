// SqueezeNet 1.1, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" <https://arxiv.org/abs/1602.07360>;
// names are those of torchvision.
local Conv(feats, kernel, stride=1, padding=0) = {
    _class: 'Conv2d',
    output_feats: feats,
    kernel_size: kernel,
    stride: stride,
    padding: padding,
};
local ReLU = { _class: 'ReLU' };
local MaxPool = { _class: 'MaxPool2d', kernel_size: 3, stride: 2, ceil_mode: true };
local Fire(squeeze, expand) = {
    _class: 'Group',
    _name: 'Fire',
    blocks: [
        Conv(squeeze, 1) { _id: 'squeeze' },
        ReLU { _id: 'squeeze_activation' },
        Conv(expand, 1) { _id: 'expand1x1' },
        ReLU { _id: 'expand1x1_activation' },
        Conv(expand, 3, padding=1) { _id: 'expand3x3' },
        ReLU { _id: 'expand3x3_activation' },
        { _id: 'cat', _class: 'Concatenate', dim: 0 },
    ],
    graph: [
        'squeeze -> squeeze_activation -> expand1x1 -> expand1x1_activation -> cat',
        'squeeze_activation -> expand3x3 -> expand3x3_activation -> cat',
    ],
    input: 'squeeze',
    output: 'cat',
};
{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'logits', _shape: [1000] }],
    blocks: [
        {
            _id: 'features',
            _class: 'Sequential',
            blocks: [
                Conv(64, 3, stride=2),
                ReLU,
                MaxPool,
                Fire(16, 64),
                Fire(16, 64),
                MaxPool,
                Fire(32, 128),
                Fire(32, 128),
                MaxPool,
                Fire(48, 192),
                Fire(48, 192),
                Fire(64, 256),
                Fire(64, 256),
            ],
        },
        {
            _id: 'classifier',
            _class: 'Sequential',
            blocks: [
                { _class: 'Dropout', p: 0.5 },
                Conv(1000, 1),
                ReLU,
                { _class: 'AdaptiveAvgPool2d', output_feats: 1 },
            ],
        },
        { _id: 'flatten', _class: 'Reshape', reshape_spec: 'flatten' },
    ],
    graph: ['image -> features -> classifier -> flatten -> logits'],
}
