"""The face model that ships, and its golden sample (`python -m bauta.assets.face` writes it)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from bauta.assets.golden import Golden, write_golden
from bauta.morphable.contour import contour68
from bauta.morphable.file import read_model
from bauta.morphable.model import FaceModel

FILE = Path(__file__).parent / "models" / "face.npz"
SOME = 40
"""Every so many vertices are in the golden sample."""


@cache
def face_model() -> FaceModel:
    """The embedded head, derived from the ICT head (see its card, `bauta models face`)."""
    return read_model(FILE)


def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the head says of `identity` (I,) and `expression` (E,): some vertices, the points of
    every scheme and the outline seen from in front, centimetres."""
    head = face_model()
    vertices = head.vertices(inputs["identity"], inputs["expression"])
    found = {scheme: head.points(scheme, vertices) for scheme in head.embeddings}
    outline = contour68(head, vertices, np.diag([1.0, -1.0, -1.0]))
    found |= {"vertices": vertices[::SOME], "ibug68": outline}
    return {name: values.astype(np.float32) for name, values in found.items()}


def main() -> None:
    """Write the golden sample of the file as it is: all modes and all shapes at once."""
    head = face_model()
    inputs = {
        "identity": np.linspace(-1, 1, head.modes).astype(np.float32),
        "expression": np.linspace(0, 0.5, len(head.expression_names)).astype(np.float32),
    }
    golden = Golden(inputs, answer(inputs), tolerance=1e-3)
    write_golden(FILE.with_name("face.golden.npz"), golden)


if __name__ == "__main__":
    main()
