// Files that are included: twice with other variables, inside a Sequential, and with several inputs and outputs.
{
    inputs: [{ _id: 'image', _shape: [3, '<<variable:H>>', 64] }],
    outputs: [
        { _id: 'y', _shape: [8, '<<auto>>'] },
        { _id: 'double', _shape: ['<<auto>>', '<<auto>>'] },
        { _id: 'same', _shape: [3, '<<variable:H>>', 64] },
    ],
    blocks: [
        { _id: 'first', _class: 'Module', _path: 'parts/features.jsonnet', _ext_vars: { feats: 4 } },
        {
            _id: 'rest',
            _class: 'Sequential',
            blocks: [
                { _class: 'Module', _path: 'parts/features.jsonnet', _ext_vars: { feats: 8 } },
                { _class: 'Reshape', reshape_spec: [0, [1, 2]] },
            ],
        },
        { _id: 'pair', _class: 'Module', _path: 'parts/pair.jsonnet' },
        { _id: 'twice', _class: 'Add' },
    ],
    graph: [
        'image -> first -> rest -> pair.left',
        'rest -> pair.right',
        'pair.sum -> y',
        'pair.both -> twice -> double',
        'pair.both -> twice',
        'image -> same',
    ],
}
