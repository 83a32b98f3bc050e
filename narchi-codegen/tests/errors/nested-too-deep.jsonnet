local nest(n) = if n == 0 then [] else [nest(n - 1)];
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: nest(1500) }],
    graph: ['x -> fc -> y'],
}
