{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'again', _class: 'Module', _path: 'module-cycle.jsonnet' }],
    graph: ['x -> again -> y'],
}
