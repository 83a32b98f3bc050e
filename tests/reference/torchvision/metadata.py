"""Records what torchvision states of its models with the weights: parameters and multiply-adds.

Run with a torchvision at hand: `python3 metadata.py > metadata.json`. `_ops` counts multiply-adds in thousands of millions,
for one image of 224×224, with three digits after the point.
"""

import json

import torchvision
from torchvision import models

WEIGHTS = {
    "resnet18": models.ResNet18_Weights.IMAGENET1K_V1,
    "resnet34": models.ResNet34_Weights.IMAGENET1K_V1,
    "resnet50": models.ResNet50_Weights.IMAGENET1K_V1,
    "resnet101": models.ResNet101_Weights.IMAGENET1K_V1,
    "resnet152": models.ResNet152_Weights.IMAGENET1K_V1,
    "squeezenet": models.SqueezeNet1_1_Weights.IMAGENET1K_V1,
    "mobilenet": models.MobileNet_V2_Weights.IMAGENET1K_V1,
}

record = {
    name: {"num_params": it.meta["num_params"], "_ops": it.meta["_ops"]}
    for name, it in WEIGHTS.items()
}
print(json.dumps({"torchvision": torchvision.__version__, **record}, indent=2))
