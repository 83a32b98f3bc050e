local classes = 10;
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [classes] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: classes }],
    graph: ['x -> fc -> y'],
}
