// A small residual network for images of digits, 8×8 grey pixels each.
//
//   narchi-codegen emit digits.jsonnet --frozen -o generated.rs

local Conv(feats, kernel=3, stride=1) = {
  _class: 'Conv2d',
  output_feats: feats,
  kernel_size: kernel,
  stride: stride,
  padding: (kernel - 1) / 2,
  bias: false,
};
local BatchNorm = { _class: 'BatchNorm2d' };
local ReLU = { _class: 'ReLU' };

// Halves the image, widens it to `feats` channels, and adds to the result what two convolutions make of it.
local Stage(feats) = {
  _class: 'Group',
  _name: 'Stage',
  blocks: [
    Conv(feats, stride=2) { _id: 'down' },
    BatchNorm { _id: 'bn' },
    ReLU { _id: 'relu' },
    Conv(feats) { _id: 'conv1' },
    BatchNorm { _id: 'bn1' },
    ReLU { _id: 'relu1' },
    Conv(feats) { _id: 'conv2' },
    BatchNorm { _id: 'bn2' },
    { _id: 'add', _class: 'Add' },
    ReLU { _id: 'relu2' },
  ],
  graph: [
    'down -> bn -> relu -> conv1 -> bn1 -> relu1 -> conv2 -> bn2 -> add -> relu2',
    'relu -> add',
  ],
  input: 'down',
  output: 'relu2',
};

{
  _description: 'Tells handwritten digits apart.',
  inputs: [
    { _id: 'image', _shape: [1, 8, 8], _description: 'from 0, paper, to 1, ink' },
  ],
  blocks: [
    Conv(12) { _id: 'conv' },
    BatchNorm { _id: 'bn' },
    ReLU { _id: 'relu' },
    Stage(24) { _id: 'stage1' },
    Stage(48) { _id: 'stage2' },
    { _id: 'pool', _class: 'AdaptiveAvgPool2d', output_feats: [1, 1] },
    { _id: 'flatten', _class: 'Reshape', reshape_spec: 'flatten' },
    { _id: 'fc', _class: 'Linear', output_feats: 10 },
  ],
  graph: [
    'image -> conv -> bn -> relu -> stage1 -> stage2 -> pool -> flatten -> fc -> logits',
  ],
  outputs: [
    { _id: 'logits', _shape: [10], _description: 'the greater, the more it looks like this digit' },
  ],
}
