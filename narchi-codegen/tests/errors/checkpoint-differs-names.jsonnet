// narchi_model!("net.jsonnet", weights = "parts/other.safetensors");
{
    inputs: [{ _id: 'features', _shape: [8] }],
    outputs: [{ _id: 'scores', _shape: [3] }],
    blocks: [
        { _id: 'hidden', _class: 'Linear', output_feats: 4 },
        { _id: 'act', _class: 'ReLU' },
        { _id: 'last', _class: 'Linear', output_feats: 3 },
    ],
    graph: ['features -> hidden -> act -> last -> scores'],
}
