"""MediaPipe's 478 points as a scheme, and its 468 without irises."""

from __future__ import annotations

import numpy as np

from bauta.schemes.points68 import LEFT_IRIS478, OUTER_EYE_CORNERS478, RIGHT_IRIS478
from bauta.schemes.scheme import Scheme
from bauta.schemes.spans import indices
from bauta.tables import mesh478

JAW = indices(
    "127 234 93 132 58 172 136 150 149 176 148 152 377 400 378 379 365 397 288 361 323 454 356"
)
INNER_LIPS = indices("78 191 80-82 13 312 311 310 415 308 324 318 402 317 14 87 178 88 95")


def _regions() -> dict[str, np.ndarray]:
    table = mesh478()
    lips = np.unique(table["edges_lips"])
    regions = {
        "jaw": np.sort(JAW),
        "right_brow": np.unique(table["edges_right_eyebrow"]),
        "left_brow": np.unique(table["edges_left_eyebrow"]),
        "nose": np.unique(table["edges_nose"]),
        "right_eye": np.unique(table["edges_right_eye"]),
        "left_eye": np.unique(table["edges_left_eye"]),
        "outer_lips": np.setdiff1d(lips, INNER_LIPS),
        "inner_lips": np.sort(INNER_LIPS),
        "pupils": np.concatenate([RIGHT_IRIS478, LEFT_IRIS478]),
    }
    taken = np.concatenate(list(regions.values()))
    regions["face"] = np.setdiff1d(np.arange(478), taken)
    return {key: region.astype(int) for key, region in regions.items()}


def scheme478() -> Scheme:
    """The scheme of the mesh: regions from its contours, `face` what lies on none."""
    table = mesh478()
    return Scheme(
        "mesh478",
        478,
        table["edges_contours"].astype(int),
        table["mirror"].astype(int),
        _regions(),
        (),
        OUTER_EYE_CORNERS478,
        (RIGHT_IRIS478[:1], LEFT_IRIS478[:1]),
        title="MediaPipe face mesh with irises, 478 points",
        source="MediaPipe canonical face model, Apache-2.0; mirror computed from its shape",
    )
