// Tokens are whole numbers for a table and floating point numbers for a sum of products.
{
    inputs: [{ _id: 'tokens', _shape: [16] }],
    outputs: [
        { _id: 'rows', _shape: ['<<auto>>', '<<auto>>'] },
        { _id: 'scores', _shape: ['<<auto>>'] },
    ],
    blocks: [
        {
            _id: 'embed',
            _class: 'Sequential',
            blocks: [
                { _class: 'Identity' },
                { _id: 'table', _class: 'Embedding', num_embeddings: 10, output_feats: 4 },
            ],
        },
        { _id: 'score', _class: 'Linear', output_feats: 5 },
    ],
    graph: ['tokens -> embed -> rows', 'tokens -> score -> scores'],
}
