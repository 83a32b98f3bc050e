local conv(i, feats, stride=1) = {
  _id: 'conv%d' % i, _class: 'Conv2d', output_feats: feats, kernel_size: 3, stride: stride, padding: 1,
};
local sizes = [8 * std.pow(2, i) for i in std.range(0, 2)];
local base = { inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }] };
base {
  assert std.length(self.blocks) == 4 : 'four blocks',
  outputs: [{ _id: 'y', _shape: [sizes[2], '<<auto>>', '<<auto>>'] }],
  blocks: std.mapWithIndex(function(i, feats) conv(i, feats, stride=if i > 0 then 2 else 1), sizes) + [
    { _id: 'last', _class: 'Group', blocks: [{ _id: 'r', _class: 'ReLU' }, { _id: 'a', _class: 'Add' }], graph: ['r -> a', 'r -> a'], input: 'r', output: 'a' },
  ],
  graph: [std.join(' -> ', ['image'] + ['conv%d' % i for i in [0, 1, 2]] + ['last', 'y'])],
}
