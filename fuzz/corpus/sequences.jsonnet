// Reads lines of text: recurrent layers of all kinds, and the search for the best tags.
local Recurrent(class, id) = {
  _class: 'Sequential',
  _id: id,
  blocks: [
    { _class: class, output_feats: 24, bidirectional: true, num_layers: 2, dropout: 0.1 },
    { _class: class, output_feats: 20, output_state: true },
  ],
};

{
  inputs: [{ _id: 'image', _shape: [1, 16, '<<variable:W>>'] }],
  outputs: [
    { _id: 'tags', _shape: ['<<auto>>'] },
    { _id: 'scores', _shape: ['<<variable:W>>', 7] },
  ],
  blocks: [
    { _class: 'Conv2d', _id: 'conv', output_feats: 4, kernel_size: 3, padding: 1 },
    { _class: 'Reshape', _id: 'columns', reshape_spec: [2, [0, 1]] },
    Recurrent('LSTM', 'lstm1'),
    Recurrent('LSTM', 'lstm2'),
    Recurrent('GRU', 'gru'),
    { _class: 'RNN', _id: 'rnn', output_feats: 9, nonlinearity: 'relu', bias: false },
    { _class: 'Linear', _id: 'fc', output_feats: 7 },
    { _class: 'CRF', _id: 'crf' },
  ],
  graph: [
    'image -> conv -> columns -> lstm1 -> lstm2 -> gru -> rnn -> fc -> crf -> tags',
    'fc -> scores',
  ],
}
