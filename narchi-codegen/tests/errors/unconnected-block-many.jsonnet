// One mistake in a comprehension is one report.
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc' + i, _class: 'Linear', output_feats: 8 } for i in std.range(1, 30)],
    graph: ['x -> fc1 -> y'],
}
