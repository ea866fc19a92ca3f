"""Heads of which everything is known, seen by a scaled orthographic camera. Needs no renderer."""

import numpy as np

from bauta.assets.face import face_model
from bauta.data.sample import Labels, Sample
from bauta.geometry.rotation import from_angles

EXPRESSION = ("jawOpen", "browInnerUp", "mouthSmileLeft", "eyeBlinkRight")


def true_sample(index: int) -> Sample:
    """A grey picture of 160 pixels with a disc on every labelled point, and what is true of it."""
    rng, face = np.random.default_rng(index), face_model()
    identity = rng.normal(size=50).clip(-2, 2)
    expression = {name: float(rng.uniform(0, 0.8)) for name in EXPRESSION}
    yaw, pitch, roll = (float(angle) for angle in rng.uniform(-25, 25, 3))
    vertices = face.vertices(identity, face.weights(expression))
    labels, image = [], np.full((160, 160, 3), 40 + 10 * (index % 9), np.uint8)
    for scheme in ("mesh478", "ibug68-3d"):
        points = 7.0 * face.points(scheme, vertices) @ from_angles(yaw, pitch, roll).T + [80, 90, 0]
        points[:, 2] -= points[:, 2].mean()
        labels.append(Labels(points.astype(np.float32), scheme))
        rows, columns = points[:, 1].astype(int), points[:, 0].astype(int)
        inside = (rows >= 0) & (columns >= 0) & (rows < 160) & (columns < 160)
        image[rows[inside], columns[inside]] = 255
    attributes: dict[str, float | bool | str] = {
        f"identity/{mode:02d}": float(value) for mode, value in enumerate(identity)
    }
    weights = {name: expression.get(name, 0.0) for name in face.expression_names}
    attributes |= {f"expression/{name}": value for name, value in weights.items()}
    return Sample(
        name=f"{index}.png",
        picture=lambda: image,
        labels=tuple(labels),
        pose=(yaw, pitch, roll),
        person=f"person {index}",
        licence="made up",
        attributes=attributes,
    )
