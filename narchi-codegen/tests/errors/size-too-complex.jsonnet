{
    inputs: [{ _id: 'x', _shape: [3000000000, 3000000000, 3000000000] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>'] }],
    blocks: [{ _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' }],
    graph: ['x -> flat -> y'],
}
