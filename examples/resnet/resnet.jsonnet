// ResNet, with the names and shapes of torchvision: its weights fit.
//
//   narchi-codegen emit resnet.jsonnet --ext-code depth=18 --frozen -o generated.rs
//
// The external variable `depth` is 18, 34, 50, 101 or 152.

local Conv(feats, kernel, stride=1) = {
  _class: 'Conv2d',
  output_feats: feats,
  kernel_size: kernel,
  stride: stride,
  padding: (kernel - 1) / 2,
  bias: false,
};
local BatchNorm = { _class: 'BatchNorm2d' };
local ReLU = { _class: 'ReLU' };

// What a block's input passes on its way to `add` if `add` could not take it as it is.
local Shortcut(feats, stride) = {
  _class: 'Sequential',
  blocks: [Conv(feats, 1, stride), BatchNorm],
};

// Two convolutions, around which the input is added to what they make of it.
local ResBlock(feats, stride, project) = {
  _class: 'Group',
  _name: 'ResBlock',
  blocks: [
    { _id: 'ident', _class: 'Identity' },
    Conv(feats, 3, stride) { _id: 'conv1' },
    BatchNorm { _id: 'bn1' },
    ReLU { _id: 'relu1' },
    Conv(feats, 3) { _id: 'conv2' },
    BatchNorm { _id: 'bn2' },
  ] + (if project then [Shortcut(feats, stride) { _id: 'downsample' }] else []) + [
    { _id: 'add', _class: 'Add' },
    ReLU { _id: 'relu2' },
  ],
  graph: [
    'ident -> conv1 -> bn1 -> relu1 -> conv2 -> bn2 -> add -> relu2',
    if project then 'ident -> downsample -> add' else 'ident -> add',
  ],
  input: 'ident',
  output: 'relu2',
};

// The same for the deep variants: narrow between two 1×1 convolutions, the second of which makes it wide.
local Bottleneck(feats, stride, project) = {
  _class: 'Group',
  _name: 'Bottleneck',
  blocks: [
    { _id: 'ident', _class: 'Identity' },
    Conv(feats, 1) { _id: 'conv1' },
    BatchNorm { _id: 'bn1' },
    ReLU { _id: 'relu1' },
    Conv(feats, 3, stride) { _id: 'conv2' },
    BatchNorm { _id: 'bn2' },
    ReLU { _id: 'relu2' },
    Conv(4 * feats, 1) { _id: 'conv3' },
    BatchNorm { _id: 'bn3' },
  ] + (if project then [Shortcut(4 * feats, stride) { _id: 'downsample' }] else []) + [
    { _id: 'add', _class: 'Add' },
    ReLU { _id: 'relu3' },
  ],
  graph: [
    'ident -> conv1 -> bn1 -> relu1 -> conv2 -> bn2 -> relu2 -> conv3 -> bn3 -> add -> relu3',
    if project then 'ident -> downsample -> add' else 'ident -> add',
  ],
  input: 'ident',
  output: 'relu3',
};

// The kind of block, how much wider it is than its number says, and how many each of the four layers has.
local variants = {
  '18': { Block: ResBlock, expansion: 1, counts: [2, 2, 2, 2] },
  '34': { Block: ResBlock, expansion: 1, counts: [3, 4, 6, 3] },
  '50': { Block: Bottleneck, expansion: 4, counts: [3, 4, 6, 3] },
  '101': { Block: Bottleneck, expansion: 4, counts: [3, 4, 23, 3] },
  '152': { Block: Bottleneck, expansion: 4, counts: [3, 8, 36, 3] },
};
local depth = '' + std.extVar('depth');
local variant =
  if std.objectHas(variants, depth) then variants[depth]
  else error 'there is no ResNet-' + depth + ': depth is 18, 34, 50, 101 or 152';

// A row of blocks. The first one may halve the image and change the number of channels.
local Layer(number, feats, stride) = {
  _id: 'layer' + number,
  _class: 'Sequential',
  blocks:
    [variant.Block(feats, stride, project=stride > 1 || variant.expansion > 1)] +
    [variant.Block(feats, 1, project=false) for _ in std.range(2, variant.counts[number - 1])],
};

{
  _description: 'ResNet-' + depth + ' from "Deep Residual Learning for Image Recognition" <https://arxiv.org/abs/1512.03385>.',
  inputs: [
    { _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] },
  ],
  blocks: [
    Conv(64, 7, stride=2) { _id: 'conv1' },
    BatchNorm { _id: 'bn1' },
    ReLU { _id: 'relu' },
    { _id: 'maxpool', _class: 'MaxPool2d', kernel_size: 3, stride: 2, padding: 1 },
    Layer(1, feats=64, stride=1),
    Layer(2, feats=128, stride=2),
    Layer(3, feats=256, stride=2),
    Layer(4, feats=512, stride=2),
    { _id: 'avgpool', _class: 'AdaptiveAvgPool2d', output_feats: [1, 1] },
    { _id: 'flatten', _class: 'Reshape', reshape_spec: 'flatten' },
    { _id: 'fc', _class: 'Linear', output_feats: 1000 },
  ],
  graph: [
    'image -> conv1 -> bn1 -> relu -> maxpool -> layer1 -> layer2 -> layer3 -> layer4',
    'layer4 -> avgpool -> flatten -> fc -> logits',
  ],
  outputs: [
    { _id: 'logits', _shape: [1000] },
  ],
}
