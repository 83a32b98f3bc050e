// `W` is the number of features of a Linear: an argument of `new`, and what inputs have to agree with.
{
    inputs: [{ _id: 'x', _shape: ['<<variable:L>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'y', _shape: ['<<variable:L>>', '<<variable:W>>'] }],
    blocks: [
        { _id: 'fc', _class: 'Linear', output_feats: 16 },
        { _id: 'back', _class: 'Linear', output_feats: '<<variable:W>>' },
        { _id: 'add', _class: 'Add' },
    ],
    graph: ['x -> fc -> back -> add -> y', 'x -> add'],
}
