// A misspelt parameter that must be given is one mistake, not two.
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feat: 8 }],
    graph: ['x -> fc -> y'],
}
