// External variables of every kind, and a top-level argument.
function(classes=1)
  local sizes = std.extVar('sizes');
  local options = std.extVar('options');
  assert std.extVar('name') == 'a "net"' && std.extVar('nothing') == null;
  assert options.offset == -2 && options.ratio == 0.5;
  {
    _id: 'ext_vars',
    inputs: [{ _id: 'x', _shape: [sizes[1]] }],
    outputs: [{ _id: 'y', _shape: [classes] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: classes, bias: options.bias }],
    graph: ['x -> fc -> y'],
  }
