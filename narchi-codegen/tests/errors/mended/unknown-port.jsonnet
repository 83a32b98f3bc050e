{
    inputs: [{ _id: 'x', _shape: [3, 8, 8] }],
    outputs: [{ _id: 'y', _shape: [8, 8, 8] }],
    blocks: [{ _id: 'stem', _class: 'Module', _path: 'parts/stem.jsonnet' }],
    graph: ['x -> stem.image', 'stem -> y'],
}
