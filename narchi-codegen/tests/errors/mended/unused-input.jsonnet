{
  inputs: [
    { _id: 'tokens', _shape: [8] },
  ],
  outputs: [{ _id: 'y', _shape: [4] }],
  blocks: [{ _id: 'fc', _class: 'Linear', output_feats: 4 }],
  graph: ['tokens -> fc -> y'],
}
