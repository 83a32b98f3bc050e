// Nothing is spelt like it: the report names all classes.
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [8] }],
    blocks: [{ _id: 'encoder', _class: 'Transformer' }],
    graph: ['x -> encoder -> y'],
}
