{
    inputs: [{ _id: 'scan', _shape: [1, '<<variable:D>>', 32, 32] }],
    outputs: [{ _id: 'y', _shape: [4, '<<auto>>', 16, 11] }],
    blocks: [
        {
            _id: 'conv',
            _class: 'Conv3d',
            output_feats: 4,
            kernel_size: [1, 3, 5],
            stride: [1, 2, 3],
            padding: [0, 1, 2],
            padding_mode: 'replicate',
        },
        { _id: 'bn', _class: 'BatchNorm3d', momentum: null },
    ],
    graph: ['scan -> conv -> bn -> y'],
}
