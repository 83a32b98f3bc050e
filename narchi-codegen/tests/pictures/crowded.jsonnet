// Much that could be in the way: several inputs, branches of unequal length, nested wires, a scope beside many rows.
local Conv(id, kernel=3, feats=8) = {
    _id: id,
    _class: 'Conv2d',
    output_feats: feats,
    kernel_size: kernel,
    padding: (kernel - 1) / 2,
};
local Cat(id) = { _id: id, _class: 'Concatenate', dim: 0 };
{
    inputs: [
        { _id: view, _description: 'The ' + view + ' camera.', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }
        for view in ['left', 'middle', 'right']
    ],
    outputs: [
        { _id: 'mask', _shape: ['<<auto>>', '<<auto>>', '<<auto>>'] },
        { _id: 'code', _shape: ['<<auto>>', '<<auto>>', '<<auto>>'] },
    ],
    blocks: [
        Conv('stem_left'),
        Conv('stem_middle'),
        Conv('stem_right'),
        Cat('all'),
        {
            _id: 'inception',
            _class: 'Group',
            _name: 'Inception',
            input: 'in',
            output: 'cat',
            blocks: [
                { _id: 'in', _class: 'Identity' },
                Conv('one', 1),
                Conv('three1', 1),
                Conv('three2', 3),
                { _id: 'five', _class: 'Sequential', blocks: [Conv('a', 1), Conv('b', 5)] },
                Conv('long1', 1),
                Conv('long2', 5),
                Conv('long3', 5),
                { _id: 'pool', _class: 'MaxPool2d', kernel_size: 3, stride: 1, padding: 1 },
                Conv('last', 1),
                Cat('cat'),
            ],
            graph: [
                'in -> one -> cat',
                'in -> three1 -> three2 -> cat',
                'in -> five -> cat',
                'in -> long1 -> long2 -> long3 -> cat',
                'in -> pool -> last -> cat',
                'three1 -> cat',
            ],
        },
        Conv('down1'),
        Conv('down2'),
        Conv('down3'),
        Conv('bottom'),
        Cat('join3'),
        Conv('up3'),
        Cat('join2'),
        Conv('up2'),
        Cat('join1'),
        Conv('up1', 1, 1),
    ],
    graph: [
        'left -> stem_left -> all -> inception -> down1 -> down2 -> down3 -> bottom',
        'bottom -> join3 -> up3 -> join2 -> up2 -> join1 -> up1 -> mask',
        'middle -> stem_middle -> all',
        'right -> stem_right -> all',
        'down1 -> join1',
        'down2 -> join2',
        'down3 -> join3',
        'bottom -> code',
        'middle -> join1',
    ],
}
