{
    inputs: [{ _id: 'x', _shape: [3, 300, 300] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>'] }],
    blocks: [{ _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' }],
    graph: ['x -> flat -> y'],
}
