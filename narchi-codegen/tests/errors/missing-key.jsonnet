{
    inputs: [{ _id: 'x' }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 8 }],
}
