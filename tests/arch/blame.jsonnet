// Blocks that fail: `../it/blame.rs` counts the lines.
local Stage = {
    _class: 'Group',
    _name: 'Stage',
    blocks: [
        { _id: 'pool', _class: 'AvgPool2d', kernel_size: 1 },
        { _id: 'conv', _class: 'Conv2d', output_feats: 4, kernel_size: 1 },
        { _id: 'act', _class: 'ReLU' },
    ],
    graph: ['pool -> conv -> act'],
    input: 'pool',
    output: 'act',
};
{
    inputs: [{ _id: 'image', _shape: [4, 8, 8] }],
    outputs: [{ _id: 'y', _shape: [4, 8, 8] }],
    blocks: [
        { _id: 'same', _class: 'Identity' },
        { _id: 'first', _class: 'Sequential', blocks: [Stage, Stage] },
        { _id: 'other', _class: 'Sequential', blocks: [Stage, { _class: 'Sigmoid' }] },
        { _id: 'last', _class: 'Softmax', dim: 0 },
    ],
    graph: ['image -> same -> first -> other -> last -> y'],
}
