"""Head rotation by bins of yaw on packed faces of held-out people: the canonical face's (what
`--no-fit` says) and the fitted head's.

python scripts/measure_pose.py PACK... [--model base|PATH.onnx] [--split val,test] [--most 600]

Poses are those of the packs: exact for rendered heads; for turned photographs the mesh labels' pose
times the exact turn. Pictures are stills, fitted as `detect_faces` does: every person for the first
time, with the camera that a photograph gets when nothing is known.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from bauta.assets.face import face_model
from bauta.crop import mesh_rotation, place
from bauta.data.packs import read_pack
from bauta.eval.packed import crops_of, faces_of, open_regressor
from bauta.faces import face_state
from bauta.fit import FaceFitter, FitSettings, fit_points
from bauta.geometry.rotation import to_angles
from bauta.heads import HeadOptions

EDGES = (0, 15, 30, 45, 60, 75, 91)


def line(name: str, said: np.ndarray, true: np.ndarray) -> str:
    """Mean error, median error and median difference of yaw (towards the turn), pitch and roll."""
    away = said - true
    away[:, 0] *= np.sign(true[:, 0])
    mean, median = np.abs(away).mean(0), np.median(np.abs(away), 0)
    bias = np.median(away, 0)
    columns = zip(("yaw", "pitch", "roll"), mean, median, bias, strict=True)
    return f"{name:10}" + "   ".join(
        f"{what} {a:5.1f} {b:5.1f} {c:+5.1f}" for what, a, b, c in columns
    )


def main() -> None:
    """Look, fit, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packs", type=Path, nargs="+")
    parser.add_argument("--model", default="base")
    parser.add_argument("--split", default="val,test")
    parser.add_argument("--most", type=int, default=600)
    options = parser.parse_args()
    pack, regressor = read_pack(*options.packs), open_regressor(options.model)
    rows, true = faces_of(pack, options.split.split(","))
    kept = np.linspace(0, len(rows) - 1, min(options.most, len(rows))).astype(int)
    rows, true = rows[kept], true[kept]
    settings = FitSettings()
    fitter = FaceFitter(face_model(), fit_points(face_model(), settings.modes), settings)
    canonical, fitted = np.full((len(rows), 3), np.nan), np.full((len(rows), 3), np.nan)
    for k, (image, roi) in enumerate(crops_of(pack, rows)):
        first = regressor(image, roi)
        face = regressor(image, place(first.points[first.main], first.main).roi)
        mesh, height, width = face.points["mesh478"], *image.shape[:2]
        canonical[k] = to_angles(mesh_rotation(mesh).astype(float))
        fitter.reset()
        state = face_state(face, 0, 0.0)
        camera = HeadOptions().of_photo([state], width, height).camera_of(width, height)
        fit = fitter(mesh, face.sigma["mesh478"], camera, face.presence)
        if fit is not None:
            fitted[k] = to_angles(fit.R_camera_head)
    known = np.isfinite(fitted).all(1)
    write = sys.stdout.write
    write(f"{len(rows)} faces, {(~known).sum()} without a fit\n")
    write("degrees: mean error, median error, median difference (yaw: > 0 turned too far)\n")
    for low, high in pairwise(EDGES):
        yaw = np.abs(true[:, 0])
        inside = known & (yaw >= low) & (yaw < high)
        if inside.any():
            write(f"yaw {low} to {high}: {inside.sum()} faces\n")
            write("  " + line("canonical", canonical[inside], true[inside]) + "\n")
            write("  " + line("fit", fitted[inside], true[inside]) + "\n")
    write("all\n  " + line("canonical", canonical[known], true[known]) + "\n")
    write("  " + line("fit", fitted[known], true[known]) + "\n")


if __name__ == "__main__":
    main()
