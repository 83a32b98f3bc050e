// A folder is no architecture.
{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'maps', _shape: [8, '<<auto>>', '<<auto>>'] }],
    blocks: [{ _id: 'stem', _class: 'Module', _path: 'parts/stem.jsonnet' }],
    graph: ['image -> stem -> maps'],
}
