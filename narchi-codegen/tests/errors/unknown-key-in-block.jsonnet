// Keys that begin with `_` belong to the language: a misspelt one is worth a warning, as the file means the same without it.
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 8, _descripton: 'the last layer' }],
    graph: ['x -> fc -> y'],
}
