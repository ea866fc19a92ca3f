"""`residual`: plain 3 x 3 convolutions with shortcuts, the trunk of the models that ship."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as fn

from bauta.checks import InputError
from bauta.train.networks.layers import Trunk, convolution

FEW, LARGE = 16, 45
"""A 1 x 1 convolution of stride 2 with fewer input channels, on a map larger than this many pixels,
kills the process in its backward pass on a CPU (PyTorch 2.13, AMD EPYC: segmentation fault)."""


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016, basic block)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride=stride, act=None)
        self.second = convolution(outputs, outputs, act=None)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride, act=None)

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad and x.device.type == "cpu":
            self._check(x)
        return fn.relu(self.shortcut(x) + self.second(fn.relu(self.first(x))))

    def _check(self, x: Tensor) -> None:
        channels, size = x.shape[1], max(x.shape[-2:])
        if not isinstance(self.shortcut, nn.Identity) and channels < FEW and size > LARGE:
            raise InputError(
                f"residual: a stage of {channels} channels on maps of {size} pixels cannot be "
                f"trained on a CPU: PyTorch crashes; take a stem and widths of {FEW} or more, "
                "smaller crops, or a GPU"
            )


class Residual(Trunk):
    """A strided convolution of `stem` channels, then stages of `widths` channels and `depths`
    blocks; each stage halves the map."""

    def __init__(
        self,
        stem: int = 16,
        widths: tuple[int, ...] = (32, 64, 128),
        depths: tuple[int, ...] = (1, 2, 2),
    ) -> None:
        blocks: list[nn.Module] = [convolution(3, stem, stride=2)]
        channels = stem
        for width, depth in zip(widths, depths, strict=True):
            for index in range(depth):
                blocks.append(Block(channels, width, 2 if index == 0 else 1))
                channels = width
        super().__init__(blocks, channels, 2 ** (1 + len(widths)))
