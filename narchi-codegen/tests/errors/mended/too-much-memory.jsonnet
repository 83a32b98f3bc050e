// More numbers than anybody has room for.
local sizes = std.range(1, 20);
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: sizes[7] }],
    graph: ['x -> fc -> y'],
}
