// Sizes of inputs that are expressions: `2*H` binds `H`, `L+1` has to agree with `L`, `A*B` is a size of its own.
{
    inputs: [
        { _id: 'wide', _shape: [4, '<<variable:2*H>>'] },
        { _id: 'tokens', _shape: ['<<variable:L>>', 8] },
        { _id: 'marked', _shape: ['<<variable:L+1>>', 8] },
        { _id: 'flat', _shape: ['<<variable:A*B>>'] },
    ],
    outputs: [
        { _id: 'halved', _shape: [4, '<<variable:H>>'] },
        { _id: 'all', _shape: ['<<variable:2*L+1>>', 8] },
        { _id: 'act', _shape: ['<<variable:A*B>>'] },
    ],
    blocks: [
        { _id: 'conv', _class: 'Conv1d', output_feats: 4, kernel_size: 3, stride: 2, padding: 1 },
        { _id: 'cat', _class: 'Concatenate', dim: 0 },
        { _id: 'relu', _class: 'ReLU' },
    ],
    graph: ['wide -> conv -> halved', 'tokens -> cat -> all', 'marked -> cat', 'flat -> relu -> act'],
}
