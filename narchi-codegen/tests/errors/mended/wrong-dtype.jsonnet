// What is looked up in a table is computed.
{
    inputs: [{ _id: 'tokens', _shape: ['<<variable:L>>', 16] }],
    outputs: [{ _id: 'rows', _shape: ['<<auto>>', '<<auto>>', '<<auto>>'] }],
    blocks: [
        { _id: 'scores', _class: 'Linear', output_feats: 5 },
        { _id: 'table', _class: 'Embedding', num_embeddings: 10, output_feats: 4 },
    ],
    graph: ['tokens -> table -> scores -> rows'],
}
