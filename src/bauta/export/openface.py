"""A CSV with the columns of OpenFace 2 (FeatureExtraction): pose, gaze, 68 points in 2D and 3D.

Millimetres and radians in camera axes (x right, y down, z forward); `pose_R*` are
`geometry.frames.to_openface`'s, `pose_T*` the place of the middle of the 68 points without
expression, as OpenFace's is. Pixels count from 0 at the centre of the first one. Frames count
from 1; frames without the face have no row. There are no action units: nothing here measures them.
"""

from __future__ import annotations

import numpy as np

from bauta.checks import ModelError
from bauta.export.animation import Animation
from bauta.geometry.frames import to_openface

SCHEME = "ibug68-3d"
COLUMNS = (
    *("frame", "face_id", "timestamp", "confidence", "success"),
    *(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"),
    *("gaze_angle_x", "gaze_angle_y"),
    *(f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"),
    *(f"{axis}_{k}" for axis in "xyXYZ" for k in range(68)),
)


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
    for row, time in enumerate(animation.times.tolist()):
        T = animation.matrices[row]
        solid = model.points(SCHEME, animation.vertices(row)) @ T[:3, :3].T + T[:3, 3]
        flat = animation.camera.project(solid)
        if animation.points68 is not None:
            flat = animation.points68[row]
        looks = animation.gaze_directions(row)  # right eye first: the leftmost in the image
        x, y, z = looks.sum(0)
        place, angles = to_openface(T, middle)
        cells = [str(int(animation.frames[row]) + 1), str(animation.id), f"{time:.3f}"]
        cells += [f"{animation.score[row]:.2f}", "1"]
        cells += [f"{v:.6f}" for v in looks.ravel()]
        cells += [f"{v:.3f}" for v in (np.arctan2(x, -z), np.arctan2(y, -z))]
        cells += [f"{v:.1f}" for v in place] + [f"{v:.3f}" for v in angles]
        cells += [f"{v:.1f}" for v in (flat - 0.5).T.ravel()]
        cells += [f"{v:.1f}" for v in 10 * solid.T.ravel()]
        lines.append(",".join(cells))
    return ("\n".join(lines) + "\n").encode()
