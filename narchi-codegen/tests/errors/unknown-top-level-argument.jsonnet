// Refused with `--tla-code classes=10`.
function(num_classes=10) {
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [num_classes] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: num_classes }],
    graph: ['x -> fc -> y'],
}
