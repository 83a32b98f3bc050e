// The included file takes images with 3 channels, and makes 8.
{
    inputs: [{ _id: 'x', _shape: [4, '<<variable:H>>', '<<variable:W>>'] }, { _id: 'v', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8, '<<auto>>', '<<auto>>'] }, { _id: 'z', _shape: [8] }],
    blocks: [
        { _id: 'stem', _class: 'Module', _path: 'parts/stem.jsonnet' },
        { _id: 'flat', _class: 'Module', _path: 'parts/stem.jsonnet' },
    ],
    graph: ['x -> stem -> y', 'v -> flat -> z'],
}
