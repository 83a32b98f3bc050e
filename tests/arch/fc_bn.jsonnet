// The model whose checkpoints narchi-weights keeps for its tests.
{
    inputs: [{ _id: 'x', _shape: [2] }],
    outputs: [{ _id: 'y', _shape: [3] }],
    blocks: [
        { _id: 'fc', _class: 'Linear', output_feats: 3 },
        { _id: 'bn', _class: 'BatchNorm1d' },
    ],
    graph: ['x -> fc -> bn -> y'],
}
