// Three layers of an LSTM in both directions.
{
    inputs: [{ _id: 'x', _shape: ['<<variable:L>>', 256] }],
    outputs: [{ _id: 'y', _shape: ['<<variable:L>>', 512] }],
    blocks: [{ _id: 'lstm', _class: 'LSTM', output_feats: 512, num_layers: 3, bidirectional: true }],
    graph: ['x -> lstm -> y'],
}
