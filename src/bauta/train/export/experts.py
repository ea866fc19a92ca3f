"""Several runs as one file: experts for ranges of yaw behind a router, experts for parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bauta.checks import InputError, check_choice
from bauta.train import config
from bauta.train.experts import YawExperts
from bauta.train.export.run import (
    Exported,
    card_of,
    export_network,
    pack_crops,
    read_network,
    untrained_heads,
)
from bauta.train.parts import PARTS, PartExperts


def export_experts(
    main: Path,
    out: Path,
    *,
    experts: Sequence[Path] = (),
    parts: Mapping[str, Path] | None = None,
    name: str = "",
    version: str = "1",
    storage: str = "float16",
    pack: Path | None = None,
    licence: str = "",
) -> Exported:
    """Export the run `main` with others as one file `out`: a router with its yaw `experts`, in the
    order of their ranges, or a whole-face network with the experts of `parts` by name.

    Card, golden sample and comparison are as those of `export_run`. InputError when the runs do
    not go together.
    """
    runs = [main, *experts, *(parts or {}).values()]
    if bool(experts) == bool(parts):
        raise InputError("experts: name those for ranges of yaw or those for parts")
    network = read_part_experts(main, parts) if parts else read_yaw_experts(main, experts)
    recipes = [config.read_recipe(folder / "recipe.toml") for folder in runs]
    answering = recipes[:1] if parts else recipes[1:]
    return export_network(
        network,
        out,
        card_of(runs, name or out.stem, version, licence),
        storage=storage,
        crops=pack_crops(pack, network.config.size) if pack else None,
        calibrated=bool(pack),
        untrained={head for recipe in answering for head in untrained_heads(recipe)},
    )


def read_yaw_experts(router: Path, experts: Sequence[Path]) -> YawExperts:
    """Router and experts of the folders of their runs, as one network in evaluation mode."""
    first = read_network(router)
    if "pose" not in first.config.heads:
        raise InputError(f"{router}: is no router: it does not say the pose (recipes/router.toml)")
    networks = [read_network(folder) for folder in experts]
    if len({(network.config.schemes, network.config.size) for network in networks}) > 1:
        raise InputError("experts: all must know the same points, in crops of one size")
    return YawExperts(first, networks).eval()


def read_part_experts(base: Path, experts: Mapping[str, Path]) -> PartExperts:
    """Whole-face network and experts by part, of the folders of their runs, in evaluation mode."""
    for part in experts:
        check_choice(part, PARTS, "part")
    whole, parts = read_network(base), {part: read_network(f) for part, f in experts.items()}
    scheme, *others = {network.config.schemes[0] for network in parts.values()}
    if others or scheme not in whole.config.schemes:
        raise InputError(f"parts: {base} and all experts must know one scheme, such as {scheme}")
    sizes = {part: network.config.size for part, network in parts.items()}
    return PartExperts(whole, parts, scheme, {"base": whole.config.size, **sizes}).eval()
