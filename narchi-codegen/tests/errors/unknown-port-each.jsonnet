{
    inputs: [{ _id: 'x', _shape: [3, 8, 8] }],
    outputs: [{ _id: 'y', _shape: [8, 8, 8] }, { _id: 'z', _shape: [8, 8, 8] }],
    blocks: [
        { _id: 'stem', _class: 'Module', _path: 'parts/stem.jsonnet' },
        { _id: 'act', _class: 'ReLU' },
    ],
    graph: ['x -> stem.img', 'x -> stem', 'stem.maps -> y', 'stem -> act', 'act.1 -> z'],
}
