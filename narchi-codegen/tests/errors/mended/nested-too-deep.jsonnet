local nest(n) =
    if n == 0 then { _class: 'Linear', output_feats: 8 }
    else { _class: 'Sequential', blocks: [nest(n - 1)] };
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [nest(10) { _id: 'deep' }],
    graph: ['x -> deep -> y'],
}
