{
  inputs: [{ _id: 'x', _shape: [8] }],
  outputs: [{ _id: 'y', _shape: [4] }],
  blocks: [
    { _id: 'fc', _class: 'Linear', output_feats: 4 },
    { _id: 'act', _class: 'ReLU' },
  ],
  graph: [
    'x -> fc -> act -> y',
  ],
}
