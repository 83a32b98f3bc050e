// Texts that are code in the languages of pictures.
{
    _description: '<img src=x onerror=alert(1)> </script> & "quotes" --> ]]> \\ `ticks`',
    inputs: [{ _id: 'x', _description: '</text><img src=x> "a" \\" # ; %% 中文中文中文中文', _shape: [8] }],
    outputs: [{ _id: 'end', _description: '"]; end <img src=x>', _shape: [8] }],
    blocks: [
        { _id: 'graph', _class: 'Linear', output_feats: 8 },
        { _id: 'a_name_that_is_much_longer_than_anybody_would_want_it_to_be_in_a_picture', _class: 'ReLU' },
    ],
    graph: ['x -> graph -> a_name_that_is_much_longer_than_anybody_would_want_it_to_be_in_a_picture -> end'],
}
