"""The visible outline of the face: `ibug68`'s jaw, which depends on the view.

People mark what they see as the edge of the face. On the side that is turned away the jaw bone is
hidden and the edge is where the cheek turns out of sight; on the other side it lies a little behind
the bone. So each of the 17 points slides along a line on the surface ("landmark marching", Zhu et
al. 2015), here without jumps: the line's points carry the angle at which they are the outline, and
places between them are interpolated. From the front the outline is the jaw bone's points.
"""

from __future__ import annotations

import numpy as np

from bauta.checks import InputError
from bauta.morphable.model import Contour, FaceModel

JAW = 17


def outline(contour: Contour, R_camera_head: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (17,) of the line's points after which each jaw point lies, and shares (17,) 0..1 of the
    way to the next: it is `line[row] * (1 - share) + line[row + 1] * share`.

    `R_camera_head` (3, 3). What counts is the direction to the camera in head axes: roll does not.
    """
    towards = -np.asarray(R_camera_head, np.float64)[2]
    turn = np.degrees(np.arctan2(contour.across @ towards, towards[2]))
    angle = contour.angle
    turn = np.clip(turn, angle[:, 0], angle[:, -1])
    row = np.minimum((angle <= turn[:, None]).sum(1) - 1, angle.shape[1] - 2)
    line = np.arange(JAW)
    before, after = angle[line, row], angle[line, row + 1]
    return row, (turn - before) / (after - before)


def contour68(model: FaceModel, vertices: np.ndarray, R_camera_head: np.ndarray) -> np.ndarray:
    """(68, 3) points of `ibug68` on given vertices (V, 3): the outline in this view, and the 51
    inner points of `ibug68-3d`. InputError when the model has no lines for the outline."""
    if model.contour is None:
        raise InputError(f"face model {model.name!r} has no lines for the outline of ibug68")
    points = np.array(model.points("ibug68-3d", vertices))
    row, share = outline(model.contour, R_camera_head)
    line, jaw = np.arange(JAW), np.zeros((JAW, 3))
    for step, part in ((row, 1 - share), (row + 1, share)):
        corners = vertices[model.triangles[model.contour.triangle[line, step]]]
        jaw += (corners * (model.contour.weight[line, step] * part[:, None])[:, :, None]).sum(1)
    points[:JAW] = jaw
    return points
