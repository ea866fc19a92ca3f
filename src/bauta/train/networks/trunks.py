"""Trunks by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from bauta.train.networks.hourglass import StackedHourglass
from bauta.train.networks.mobilenet2 import MobileNetV2
from bauta.train.networks.mobilenet3 import MobileNetV3
from bauta.train.networks.residual import Residual
from bauta.train.networks.se_inception import SEInception
from bauta.train.networks.se_resnet import SEResNet
from bauta.train.networks.separable import Separable
from bauta.train.networks.shufflenet import ShuffleNetV2
from bauta.train.networks.squeezenet import SqueezeNet

NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "hourglass": StackedHourglass,
    "hourglass-student": partial(StackedHourglass, stacks=2, channels=96),
    "mobilenet2": MobileNetV2,
    "mobilenet3-large": partial(MobileNetV3, kind="large"),
    "mobilenet3-small": partial(MobileNetV3, kind="small"),
    "residual": Residual,
    "se-inception": SEInception,
    "se-resnet50": SEResNet,
    "separable": Separable,
    "shufflenet-0.5": partial(ShuffleNetV2, width=0.5),
    "shufflenet-1": partial(ShuffleNetV2, width=1.0),
    "shufflenet-1.5": partial(ShuffleNetV2, width=1.5),
    "shufflenet-2": partial(ShuffleNetV2, width=2.0),
    "squeezenet": SqueezeNet,
}
"""Name in a recipe -> constructor; its keyword arguments are the settings."""
