local blocks = import 'parts/blocks.libsonnet';
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [4] }],
    blocks: [blocks.Linear('fc', 4)],
    graph: ['x -> fc -> y'],
}
