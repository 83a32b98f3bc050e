// Convolutions that are called together: those around one of each channel alone, with sums and readers in all places, and
// those that are concatenated.
local Conv(id, feats) = { _id: id, _class: 'Conv2d', output_feats: feats, kernel_size: 1 };
local Each(id, feats, stride=1) = {
    _id: id,
    _class: 'Conv2d',
    output_feats: feats,
    kernel_size: 3,
    stride: stride,
    padding: 1,
    groups: feats,
};
local Of(class, ids) = [{ _id: id, _class: class } for id in ids];

{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'output', _shape: [40, '<<auto>>', '<<auto>>'] }],
    blocks: [
        { _id: 'stem', _class: 'Conv2d', output_feats: 32, kernel_size: 3, stride: 2, padding: 1 },
        Conv('a1', 32),
        Each('a2', 32),
        Conv('a3', 32),
        Conv('b1', 32),
        Each('b2', 32),
        Conv('b3', 32),
        Conv('c1', 48),
        Each('c2', 48, 2),
        Conv('c3', 64),
        Conv('d1', 64),
        Each('d2', 64),
        Conv('d3', 40),
        Conv('e1', 48),
        { _id: 'e2', _class: 'Conv2d', output_feats: 16, kernel_size: 3, padding: 1 },
        { _id: 'e3', _class: 'Conv2d', output_feats: 33, kernel_size: 5, padding: 2 },
        { _id: 'join', _class: 'Concatenate', dim: 0 },
        Conv('f1', 20),
        Conv('f2', 20),
        { _id: 'last', _class: 'Concatenate', dim: 0 },
    ] + Of('ReLU', ['r0', 'r1', 'r2', 'r3', 'r4', 'r5']) + Of('Add', ['add1', 'add2', 'add3', 'add4'])
      + Of('Tanh', ['t1']),
    graph: [
        'image -> stem -> r0',
        // The sum is that of the first one, of the second, of the last.
        'r0 -> a1 -> add1 -> r1 -> a2 -> a3 -> r2',
        'r0 -> add1',
        'r2 -> b1 -> b2 -> add2 -> b3 -> add3 -> r3',
        'r2 -> add2',
        'r0 -> add3',
        // What is between is read twice.
        'r3 -> c1 -> r4 -> c2 -> t1 -> c3',
        'c3 -> d1 -> r5 -> d2 -> add4 -> d3 -> e1 -> join',
        'r5 -> add4',
        // The kernel of the third writes a tensor of its own; the last two have different inputs.
        'd3 -> e2 -> join',
        'd3 -> e3 -> join',
        'join -> f1 -> last -> output',
        'd3 -> f2 -> last',
    ],
}
