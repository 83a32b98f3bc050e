{
    inputs: [{ _id: 'x', _shape: [4503599627370496, 4503599627370496, 4503599627370496] }],
    outputs: [{ _id: 'y', _shape: ['<<auto>>'] }],
    blocks: [{ _id: 'flat', _class: 'Reshape', reshape_spec: 'flatten' }],
    graph: ['x -> flat -> y'],
}
