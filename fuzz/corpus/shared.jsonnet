// One set of weights for both eyes, and one batch norm in two places of a Sequential.
local Eye(id) = {
    _id: id,
    _class: 'Group',
    _id_share: 'eye',
    blocks: [
        { _id: 'conv', _class: 'Conv2d', output_feats: 8, kernel_size: 3, padding: 1 },
        { _id: 'act', _class: 'ReLU' },
    ],
    graph: ['conv -> act'],
    input: 'conv',
    output: 'act',
};
{
    inputs: [
        { _id: 'left', _shape: [3, '<<variable:H>>', '<<variable:W>>'] },
        { _id: 'right', _shape: [3, '<<variable:H>>', '<<variable:W>>'] },
    ],
    outputs: [{ _id: 'depth', _shape: [8, '<<variable:H>>', '<<variable:W>>'] }],
    blocks: [
        Eye('left_eye'),
        Eye('right_eye'),
        { _id: 'both', _class: 'Add' },
        {
            _id: 'norms',
            _class: 'Sequential',
            blocks: [
                { _class: 'BatchNorm2d', _id_share: 'norm' },
                { _class: 'ReLU' },
                { _class: 'BatchNorm2d', _id_share: 'norm' },
            ],
        },
    ],
    graph: ['left -> left_eye -> both -> norms -> depth', 'right -> right_eye -> both'],
}
