{
    Linear(id, feats): { _id: id, _class: 'Linear', output_feats: feats },
}
