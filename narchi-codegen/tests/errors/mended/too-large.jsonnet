// Strings of an architecture are names and short texts.
{
    _description: 'One layer.',
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 8 }],
    graph: ['x -> fc -> y'],
}
