{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [
        { _id: 'first', _class: 'Sequential', blocks: [{ _class: 'Linear', output_feats: 8 }], _id_share: 'fc' },
        { _id: 'second', _class: 'Sequential', blocks: [{ _class: 'Linear', output_feats: 8 }], _id_share: 'fc' },
    ],
    graph: ['x -> first -> second -> y'],
}
