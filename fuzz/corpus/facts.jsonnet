// Two ways to halve a size agree for even sizes only; three poolings need some size to begin with.
{
    inputs: [{ _id: 'image', _shape: [4, '<<variable:H>>', '<<variable:W>>'] }],
    outputs: [{ _id: 'features', _shape: [4, '<<auto>>', '<<auto>>'] }],
    blocks: [
        { _id: 'up', _class: 'AvgPool2d', kernel_size: 2, ceil_mode: true },
        { _id: 'down', _class: 'AvgPool2d', kernel_size: 2 },
        { _id: 'add', _class: 'Add' },
        { _id: 'pool1', _class: 'MaxPool2d', kernel_size: 3, stride: 2 },
        { _id: 'pool2', _class: 'MaxPool2d', kernel_size: [3, 2], stride: 2 },
    ],
    graph: ['image -> up -> add -> pool1 -> pool2 -> features', 'image -> down -> add'],
}
