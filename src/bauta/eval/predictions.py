"""What a model said of every face of a set, in one file: predicted once, scored many times.

The format (docs/evaluation.md) is a plain `.npz`: anyone's tracker can be scored by writing it.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bauta import schemes
from bauta.checks import InputError, SinkError, SourceError
from bauta.eval.truth import Truth

FORMAT, VERSION = "bauta-predictions", 1
POINTS, SIGMA, TRUTH = "points.", "sigma.", "truth."


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for N faces, one row each; pixels of the picture (docs/conventions.md)."""

    names: np.ndarray
    """(N,) str, `Sample.name` of each face."""
    points: dict[str, np.ndarray]
    """Scheme -> (N, K, 2 or 3) float32, NaN where the face was not found."""
    sigma: dict[str, np.ndarray] = field(default_factory=dict)
    """Scheme -> (N, K) float32 pixels, the expected error of each point."""
    pose: np.ndarray | None = None
    """(N, 3) yaw, pitch, roll in degrees, NaN where unknown."""
    box: np.ndarray | None = None
    """(N, 4) x1 y1 x2 y2 of the predicted face."""
    score: np.ndarray | None = None
    """(N,) 0..1, belief that it is a face."""
    header: dict[str, Any] = field(default_factory=dict)
    """How the file came about: model, sha256, dataset, subset, crops, machine, commit ..."""
    truth: Truth | None = None
    """The truth, when it was stored along."""

    def __post_init__(self) -> None:
        count = len(self.names)
        if len(set(self.names.tolist())) != count:
            raise InputError("predictions: names repeat; every face needs one of its own")
        for scheme, points in self.points.items():
            wanted = schemes.get(scheme).count
            if points.shape[:2] != (count, wanted) or points.shape[2:] not in ((2,), (3,)):
                raise InputError(
                    f"predictions, {POINTS}{scheme}: expected ({count}, {wanted}, 2 or 3), "
                    f"got {points.shape}"
                )
        for name, width in (("pose", (3,)), ("box", (4,)), ("score", ())):
            value = getattr(self, name)
            if value is not None and value.shape != (count, *width):
                raise InputError(
                    f"predictions, {name}: expected {(count, *width)}, got {value.shape}"
                )
        if not self.points:
            raise InputError(f"predictions: no points; expected arrays named {POINTS}<scheme>")

    @property
    def found(self) -> np.ndarray:
        """(N,) bool: the face has points."""
        known = [np.isfinite(points).any((1, 2)) for points in self.points.values()]
        return np.any(known, axis=0)

    @property
    def label(self) -> str:
        """Short name for tables and plots: model and kind of crop."""
        words = [str(self.header.get(key, "")) for key in ("model", "crops")]
        return ", ".join(word for word in words if word) or "predictions"

    def rows(self, names: np.ndarray) -> np.ndarray:
        """(M,) row of each name; InputError when one was not predicted."""
        where = {name: row for row, name in enumerate(self.names.tolist())}
        missing = [name for name in names.tolist() if name not in where]
        if missing:
            raise InputError(
                f"predictions: {len(missing)} of {len(names)} faces are missing, the first is "
                f"{missing[0]!r}; was another subset predicted?"
            )
        return np.array([where[name] for name in names.tolist()], int)


def save(path: Path, predictions: Predictions) -> None:
    """Write the file, whole or not at all. SinkError when that fails."""
    head = {"format": FORMAT, "version": VERSION} | predictions.header
    arrays: dict[str, np.ndarray] = {"header": np.array(json.dumps(head))}
    arrays["name"] = predictions.names
    for prefix, group in ((POINTS, predictions.points), (SIGMA, predictions.sigma)):
        arrays |= {prefix + scheme: values for scheme, values in group.items()}
    for name in ("pose", "box", "score"):
        if getattr(predictions, name) is not None:
            arrays[name] = getattr(predictions, name)
    if predictions.truth is not None:
        arrays |= {TRUTH + key: value for key, value in predictions.truth.arrays().items()}
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        os.replace(beside, path)
    except OSError as error:
        raise SinkError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def load(path: Path) -> Predictions:
    """Read a file. SourceError when it cannot be read, InputError when it holds none."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error}); check the name") from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a file of predictions ({error})") from error
    try:
        head = json.loads(str(arrays["header"]))
        if head.pop("format") != FORMAT or head.pop("version") != VERSION:
            raise InputError(f"{path}: expected {FORMAT} version {VERSION}")
        names = arrays["name"].astype(str)
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: not a file of {FORMAT}, version {VERSION} ({error})") from error
    kept = {key: value for key, value in arrays.items() if key.startswith(TRUTH)}
    return Predictions(
        names=names,
        points=_group(arrays, POINTS),
        sigma=_group(arrays, SIGMA),
        pose=arrays.get("pose"),
        box=arrays.get("box"),
        score=arrays.get("score"),
        header=head,
        truth=Truth.from_arrays(names, _group(kept, TRUTH)) if kept else None,
    )


def joined(parts: list[Predictions], header: dict[str, Any]) -> Predictions:
    """Parts with the same arrays, one after the other."""
    first = parts[0]

    def stack(pick: Any) -> np.ndarray:
        return np.concatenate([pick(part) for part in parts])

    return Predictions(
        names=stack(lambda part: part.names),
        points={key: stack(lambda part, key=key: part.points[key]) for key in first.points},
        sigma={key: stack(lambda part, key=key: part.sigma[key]) for key in first.sigma},
        pose=stack(lambda part: part.pose),
        box=stack(lambda part: part.box),
        score=stack(lambda part: part.score),
        header=header,
    )


def _group(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)
    }
