{
    inputs: [{ _id: 'image', _shape: [3, 8, '<<variable:W>>'] }],
    outputs: [{ _id: 'columns', _shape: ['<<variable:W>>', 24] }],
    blocks: [{ _id: 'columns_first', _class: 'Reshape', reshape_spec: [2, [0, 1]] }],
    graph: ['image -> columns_first -> columns'],
}
