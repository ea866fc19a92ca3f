"""Tables as data files, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np


@cache
def mesh478() -> dict[str, np.ndarray]:
    """Topology of the 478 points (MediaPipe's canonical face, Apache-2.0; see THIRD_PARTY.md).

    `canonical` (468, 3) float32 centimetres in head axes, `triangles` (898, 3), `edges_*` (K, 2),
    `mirror` (478,) index of each point's mirror image, `uv` (468, 2), `nearest68` (68,).
    """
    with files("bauta.tables").joinpath("mesh478.npz").open("rb") as file, np.load(file) as table:
        return {key: table[key] for key in table.files}
