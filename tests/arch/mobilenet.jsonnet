// MobileNetV2, "Inverted Residuals and Linear Bottlenecks" <https://arxiv.org/abs/1801.04381>, with ReLU in the place of
// ReLU6; names are those of torchvision.
local Conv(feats, kernel=1, stride=1, groups=1) = {
    _class: 'Conv2d',
    output_feats: feats,
    kernel_size: kernel,
    stride: stride,
    padding: (kernel - 1) / 2,
    groups: groups,
    bias: false,
};
local ConvNorm(feats, kernel=1, stride=1, groups=1) = {
    _class: 'Sequential',
    blocks: [Conv(feats, kernel, stride, groups), { _class: 'BatchNorm2d' }, { _class: 'ReLU' }],
};
local Residual(input, expand, feats, stride) =
    local hidden = input * expand;
    local layers =
        (if expand == 1 then [] else [ConvNorm(hidden)])
        + [ConvNorm(hidden, 3, stride, hidden), Conv(feats), { _class: 'BatchNorm2d' }];
    if stride == 1 && input == feats then {
        _class: 'Group',
        _name: 'InvertedResidual',
        blocks: [
            { _id: 'conv', _class: 'Sequential', blocks: layers },
            { _id: 'same', _class: 'Identity' },
            { _id: 'add', _class: 'Add' },
        ],
        graph: ['same -> conv -> add', 'same -> add'],
        input: 'same',
        output: 'add',
    } else {
        _class: 'Group',
        _name: 'InvertedBlock',
        blocks: [{ _id: 'same', _class: 'Identity' }, { _id: 'conv', _class: 'Sequential', blocks: layers }],
        graph: ['same -> conv'],
        input: 'same',
        output: 'conv',
    };
// Expansion, channels, repetitions, stride of the first.
local stages = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
];
local residuals = std.flattenArrays([
    local before = if s == 0 then 32 else stages[s - 1][1];
    local stage = stages[s];
    [
        Residual(if i == 0 then before else stage[1], stage[0], stage[1], if i == 0 then stage[3] else 1)
        for i in std.range(0, stage[2] - 1)
    ]
    for s in std.range(0, std.length(stages) - 1)
]);
{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'logits', _shape: [1000] }],
    blocks: [
        { _id: 'features', _class: 'Sequential', blocks: [ConvNorm(32, 3, 2)] + residuals + [ConvNorm(1280)] },
        { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: 1 },
        { _id: 'flatten', _class: 'Reshape', reshape_spec: 'flatten' },
        {
            _id: 'classifier',
            _class: 'Sequential',
            blocks: [{ _class: 'Dropout', p: 0.2 }, { _class: 'Linear', output_feats: 1000 }],
        },
    ],
    graph: ['image -> features -> pool -> flatten -> classifier -> logits'],
}
