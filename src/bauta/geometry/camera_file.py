"""Cameras of JSON files: ours, and those that OpenCV writes."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import InputError
from bauta.geometry.camera import Camera

OURS = ("K", "distortion", "size")
OPENCVS = ("camera_matrix", "distortion_coefficients", "image_width", "image_height")
OTHERS = ("d", "dist", "k1", "dist_coeffs", "distortion_coeffs", "distortion_parameters", "mtx")
"""What other programs call a lens or a matrix: passed over, it would be missing."""
ALIKE = 0.8
"""`difflib`'s ratio from which a name is one of these misspelt."""


def read_camera(path: Path) -> Camera:
    """Camera of a JSON file `{"K": [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], "distortion": [...],
    "size": [width, height]}`, the last two optional, as OpenCV's calibration gives it (pixel
    centres), or with OpenCV's own names. Names that are like none of these are passed over;
    InputError when one is misspelt or the camera cannot be used."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise InputError(f"camera {path}: cannot be read ({error})") from error
    except ValueError as error:
        hint = "cv2.FileStorage writes JSON when the file's name ends in .json"
        raise InputError(f"camera {path}: not JSON ({error}); {hint}") from error
    try:
        K, distortion, size = _parts(data)
        camera = Camera(_numbers(K, "K"), _numbers(distortion, "distortion"), _size(size))
    except InputError as error:
        raise InputError(f"camera {path}: {error}") from error
    camera.K[:2, 2] += 0.5
    return camera


def _parts(data: object) -> tuple[Any, Any, Any]:
    """K, distortion and size of a file, under our names or OpenCV's."""
    expected = (
        'expected {"K": 3 rows of 3, "distortion": [k1, k2, p1, p2, ...], "size": [width, height]}'
        f", or OpenCV's {', '.join(OPENCVS)}"
    )
    if not isinstance(data, dict):
        raise InputError(expected)
    if unknown := sorted(filter(_misspelt, data)):
        raise InputError(f"unknown {', '.join(map(repr, unknown))}; {expected}")
    if data.get("fisheye_model"):
        raise InputError("a fisheye's, which is another formula; calibrate without that option")
    if set(data) & set(OURS) and set(data) & set(OPENCVS[:2]):
        raise InputError(f"our names and OpenCV's in one; {expected}")
    sides = [data.get(name) for name in OPENCVS[2:]]
    sizes = [size for size in (data.get("size"), sides) if size not in (None, [None] * 2)]
    if len(sizes) == 2 and sizes[0] != sizes[1]:
        raise InputError(f"size {sizes[0]} is not image_width, image_height {sizes[1]}; say one")
    size = sizes[0] if sizes else None
    if "camera_matrix" in data:
        return data["camera_matrix"], data.get(OPENCVS[1]), size
    if "K" not in data:
        raise InputError(expected)
    return data["K"], data.get("distortion"), size


def _misspelt(name: str) -> bool:
    """Whether a name that is none of ours or OpenCV's is meant to be one."""
    known = [*OURS, *OPENCVS]
    plain = name.lower().replace("-", "_").replace(" ", "_")
    alike = get_close_matches(plain, [*map(str.lower, known), *OTHERS], 1, ALIKE)
    return name not in known and bool(alike)


def _numbers(value: Any, name: str) -> np.ndarray:
    """Numbers of a list, or of what cv2.FileStorage makes of a matrix; null is none."""
    try:
        if isinstance(value, dict):
            return np.array(value["data"], np.float64).reshape(value["rows"], value["cols"])
        return np.array([] if value is None else value, np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{name}: expected a list of numbers, got {value!r:.80}") from error


def _size(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    good = isinstance(value, list) and len(value) == 2
    if not good or not all(type(side) is int and side > 0 for side in value):
        raise InputError(f"size: expected [width, height] in whole pixels, got {value!r:.80}")
    return value[0], value[1]
