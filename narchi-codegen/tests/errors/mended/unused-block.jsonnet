{
  inputs: [{ _id: 'x', _shape: [8] }],
  outputs: [{ _id: 'y', _shape: [4] }],
  blocks: [
    { _id: 'hidden', _class: 'Linear', output_feats: 16 },
    { _id: 'fc', _class: 'Linear', output_feats: 4 },
  ],
  graph: [
    'x -> hidden -> fc -> y',
  ],
}
