// Right, but one might think that these say something.
{
  inputs: [{ _id: 'x', _shape: ['<<variable:L>>', 5] }],
  outputs: [{ _id: 'y', _shape: ['<<auto>>', '<<auto>>'] }],
  blocks: [
    { _class: 'LSTM', _id: 'lstm', output_feats: 6, bidirectional: true },
    { _class: 'GRU', _id: 'gru', output_feats: 6 },
  ],
  graph: ['x -> lstm -> gru -> y'],
}
