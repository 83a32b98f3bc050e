local sizes = [8, 16];
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [16] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: sizes[1] }],
    graph: ['x -> fc -> y'],
}
