"""A CSV with the columns of OpenFace 2, `records/openface.py`, of one person's settled head."""

from __future__ import annotations

from bauta.checks import ModelError
from bauta.export.animation import Animation
from bauta.records.openface import COLUMNS, SCHEME, row


def to_openface_csv(animation: Animation) -> bytes:
    """The CSV of an animation.

    `x_*`, `y_*` are the visible contour that was predicted (`ibug68`), or the projected model where
    there is none; `X_* Y_* Z_*` are the model's. ModelError for a model without the 68 points.
    """
    model = animation.model
    if SCHEME not in model.embeddings:
        raise ModelError(f"{model.name}: has no {SCHEME} points, which this table needs")
    middle = model.points(SCHEME, animation.neutral()).mean(0)
    lines = [",".join(COLUMNS)]
    for k, time in enumerate(animation.times.tolist()):
        T = animation.matrices[k]
        solid = model.points(SCHEME, animation.vertices(k)) @ T[:3, :3].T + T[:3, 3]
        flat = animation.camera.project(solid)
        if animation.points68 is not None:
            flat = animation.points68[k]
        frame, score = int(animation.frames[k]), animation.score[k]
        looks = animation.gaze_directions(k)
        lines.append(row(frame, animation.id, time, score, T, middle, looks, flat, solid))
    return ("\n".join(lines) + "\n").encode()
