{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'logits', _shape: [10] }],
    blocks: [
        { _id: 'backbone', _class: 'Module', _path: 'cylce.jsonnet' },
        { _id: 'fc', _class: 'Linear', output_feats: 10 },
    ],
    graph: ['image -> backbone -> fc -> logits'],
}
