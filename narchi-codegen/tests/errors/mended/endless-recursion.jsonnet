local layers(n) = if n == 8 then [] else [n] + layers(n + 1);
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: std.length(layers(0)) }],
    graph: ['x -> fc -> y'],
}
