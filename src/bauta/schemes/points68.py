"""Constants of the two 68-point schemes and of the mesh that code uses by name."""

from __future__ import annotations

import numpy as np

REGIONS68: dict[str, tuple[int, int]] = {
    "jaw": (0, 17),
    "right_brow": (17, 22),
    "left_brow": (22, 27),
    "nose_bridge": (27, 31),
    "nostrils": (31, 36),
    "right_eye": (36, 42),
    "left_eye": (42, 48),
    "outer_lips": (48, 60),
    "inner_lips": (60, 68),
}
CLOSED68 = ("right_eye", "left_eye", "outer_lips", "inner_lips")
OUTER_EYE_CORNERS68 = (36, 45)
LIDS68 = np.array([37, 38, 40, 41, 43, 44, 46, 47])
INNER51 = np.arange(17, 68)

# The lids of the mesh as six points an eye: outer corner, two upper, inner corner, two lower.
RIGHT_EYE478 = np.array([33, 160, 158, 133, 153, 144])
LEFT_EYE478 = np.array([263, 387, 385, 362, 380, 373])
RIGHT_IRIS478 = np.array([468, 469, 470, 471, 472])
LEFT_IRIS478 = np.array([473, 474, 475, 476, 477])
OUTER_EYE_CORNERS478 = (33, 263)


def _mirror68() -> np.ndarray:
    order = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30]
    order += [*range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    order += [*range(54, 47, -1), *range(59, 54, -1)]
    return np.array([*order, 64, 63, 62, 61, 60, 67, 66, 65])


MIRROR68 = _mirror68()


def eye_aspect_ratio(eye: np.ndarray) -> np.ndarray:
    """Lid gap over eye width, (|p1 p5| + |p2 p4|) / (2 |p0 p3|), of points (..., 6, 2 or 3).

    Soukupova and Cech 2016, eq. 1. About 0.25-0.35 open, below 0.1 shut.
    """
    across = eye[..., [1, 2, 0], :2] - eye[..., [5, 4, 3], :2]
    length = np.sqrt((across * across).sum(-1))
    return (length[..., 0] + length[..., 1]) / np.maximum(2 * length[..., 2], 1e-6)
