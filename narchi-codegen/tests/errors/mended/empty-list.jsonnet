{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'same', _class: 'Identity' }],
    graph: ['x -> same -> y'],
}
