{
  inputs: [{ _id: 'features', _shape: [8] }],
  blocks: [
    { _id: 'hidden', _class: 'Linear', output_feats: 64 },
    { _id: 'relu', _class: 'ReLU' },
    { _id: 'output', _class: 'Linear', output_feats: 32 },
  ],
  graph: ['features -> hidden -> relu -> output -> scores'],
  outputs: [{ _id: 'scores', _shape: [32] }],
}
