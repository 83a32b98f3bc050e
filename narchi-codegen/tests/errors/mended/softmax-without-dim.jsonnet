// A sequence of scores: torch's default would mix the samples of a batch.
{
    inputs: [{ _id: 'tokens', _shape: ['<<variable:L>>', 16] }],
    outputs: [{ _id: 'classes', _shape: ['<<variable:L>>', 5] }],
    blocks: [
        { _id: 'scores', _class: 'Linear', output_feats: 5 },
        { _id: 'softmax', _class: 'LogSoftmax', dim: 2 },
    ],
    graph: ['tokens -> scores -> softmax -> classes'],
}
