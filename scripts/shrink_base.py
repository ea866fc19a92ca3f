"""The weights that `small` begins with: what matters most of `base`, cut to its size.

python scripts/shrink_base.py -o runs/start.npz [--base weights/base.npz]
bauta train recipes/small.toml --init runs/start.npz --out runs/small

Stages of the same width are taken as they are. Of wider ones those channels stay that what comes
after weighs most, of the code the numbers that move the points most; its layer is shrunk to the
smaller map as a picture would be. Blocks beyond the recipe's depths are left out. Needs torch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as fn

from bauta.train.config import read_recipe
from bauta.train.networks.network import LandmarkNetwork
from bauta.train.starts import read_start, write_start
from bauta.train.tasks.landmarks import LandmarksRecipe

NORM = ("weight", "bias", "running_mean", "running_var")
State = dict[str, Tensor]


def strongest(score: Tensor, count: int) -> Tensor:
    """Rows of the `count` largest, in order."""
    return torch.topk(score, count).indices.sort().values


def by_input(kernel: Tensor) -> Tensor:
    """How much a kernel (O, I, h, w) weighs each of its inputs, (I,)."""
    return kernel.transpose(0, 1).flatten(1).norm(dim=1)


def cut_stage(base: State, own: State, blocks: list[int], needed: Tensor) -> Tensor:
    """Fill the blocks of the last stage; returns the channels of `base` that stay, where `needed`
    (C,) says how much each is weighed by what reads the stage."""
    first = f"trunk.blocks.{blocks[0]}"
    kept = strongest(needed, len(own[f"{first}.second.0.weight"]))
    inputs = torch.arange(own[f"{first}.first.0.weight"].shape[1])
    for block in blocks:
        name = f"trunk.blocks.{block}"
        inner = by_input(base[f"{name}.second.0.weight"][kept])
        inner = strongest(
            inner * base[f"{name}.first.1.weight"].abs(), len(own[f"{name}.first.0.weight"])
        )
        for part, outputs, reads in (
            ("first", inner, inputs),
            ("second", kept, inner),
            ("shortcut", kept, inputs),
        ):
            if f"{name}.{part}.0.weight" in own:
                kernel = base[f"{name}.{part}.0.weight"]
                own[f"{name}.{part}.0.weight"] = kernel[outputs][:, reads]
                cut_norm(base, own, f"{name}.{part}.1", outputs)
        inputs = kept
    return kept


def cut_norm(base: State, own: State, name: str, kept: Tensor) -> None:
    """The channels that stay of a batch norm."""
    for each in NORM:
        own[f"{name}.{each}"] = base[f"{name}.{each}"][kept]


def as_maps(state: State) -> tuple[Tensor, int]:
    """The code's layer as kernels over the last map (numbers, C, side, side), and its side."""
    layer, channels = state["code.linear.weight"], len(state["code.neck.1.bias"])
    side = round((layer.shape[1] // channels) ** 0.5)
    return layer.unflatten(1, (channels, side, side)), side


def cut_code(base: State, own: State, channels: Tensor, schemes: tuple[str, ...]) -> Tensor:
    """Fill the code; returns its numbers that stay."""
    count, neck = len(own["code.linear.bias"]), len(own["code.neck.1.bias"])
    old, side = as_maps(base)
    _, new_side = as_maps(own)
    kept_neck = strongest(by_input(old) * base["code.neck.1.weight"].abs(), neck)
    own["code.neck.0.weight"] = base["code.neck.0.weight"][kept_neck][:, channels]
    cut_norm(base, own, "code.neck.1", kept_neck)
    points = torch.cat([base[f"heads.coordinates.linear.{n}.weight"] for n in schemes])
    kept = strongest(points.norm(dim=0) * old.flatten(1).norm(dim=1), count)
    shrunk = fn.interpolate(old[kept][:, kept_neck], size=(new_side, new_side), mode="bilinear")
    own["code.linear.weight"] = shrunk.flatten(1) * (side / new_side) ** 2
    own["code.linear.bias"] = base["code.linear.bias"][kept]
    return kept


def cut_heads(base: State, own: State, kept: Tensor, schemes: tuple[str, ...]) -> None:
    """Fill points, doubt (through a few numbers, by its singular values) and presence."""
    few = len(own["heads.uncertainty.code.bias"])
    doubt = torch.cat([base[f"heads.uncertainty.log_sigma.{n}.weight"][:, kept] for n in schemes])
    u, s, v = torch.linalg.svd(doubt, full_matrices=False)
    own["heads.uncertainty.code.weight"] = v[:few]
    own["heads.uncertainty.code.bias"] = torch.zeros(few)
    rows = torch.split(
        u[:, :few] * s[:few], [len(own[f"heads.uncertainty.log_sigma.{n}.bias"]) for n in schemes]
    )
    for name, part in zip(schemes, rows, strict=True):
        points, sigma = (
            f"heads.{head}.{name}" for head in ("coordinates.linear", "uncertainty.log_sigma")
        )
        own[f"{points}.weight"] = base[f"{points}.weight"][:, kept]
        own[f"{points}.bias"] = base[f"{points}.bias"]
        own[f"{sigma}.weight"], own[f"{sigma}.bias"] = part, base[f"{sigma}.bias"]
    own["heads.presence.logit.weight"] = base["heads.presence.logit.weight"][:, kept]
    own["heads.presence.logit.bias"] = base["heads.presence.logit.bias"]


def shrunk(base: State, network: LandmarkNetwork) -> State:
    """The state of a `residual` network of three stages that begins as `base` as far as it can."""
    own = {key: value.clone() for key, value in network.state_dict().items()}
    depths, schemes = network.config.trunk["depths"], network.config.schemes
    before = 1 + sum(depths[:-1])
    for key in own:
        if key.startswith("trunk") and int(key.split(".")[2]) < before:
            own[key] = base[key]
    blocks = list(range(before, before + depths[-1]))
    needed = by_input(base["code.neck.0.weight"])
    if len(blocks) > 1:  # the blocks of the stage read each other's channels
        needed = needed + by_input(base[f"trunk.blocks.{blocks[-1]}.first.0.weight"])
    channels = cut_stage(base, own, blocks, needed)
    kept = cut_code(base, own, channels, schemes)
    cut_heads(base, own, kept, schemes)
    return own


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=Path("weights/base.npz"))
    parser.add_argument("--recipe", type=Path, default=Path("recipes/small.toml"))
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    base = {
        k: v.float() if v.is_floating_point() else v for k, v in read_start(options.base).items()
    }
    network = LandmarkNetwork(read_recipe(options.recipe).settings(LandmarksRecipe).network)
    network.load_state_dict(shrunk(base, network))
    write_start(options.out, network.state_dict())


if __name__ == "__main__":
    main()
