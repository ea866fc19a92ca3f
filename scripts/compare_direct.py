"""The direct route (a network that says pose and weights, recipes/parameters.toml) against the fit.

python scripts/compare_direct.py RUN [--model base|PATH.onnx] [--pack .packs/rendered] [--most 400]

Rendered heads of held-out people. Both see the same first crop, and then the one that their own
points make upright; the fit meets every person for the first time. Steadiness is the spread of the
weights over one picture with fresh sensor noise (3 of 255), every look for itself. Needs torch.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from bauta.assets.face import face_model
from bauta.crop import Roi, place
from bauta.data.packs import read_pack
from bauta.eval.packed import crops_of, faces_of
from bauta.fit import FaceFitter, FitSettings, fit_points
from bauta.geometry import affine
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import to_angles
from bauta.morphable.arkit import LOOKS
from bauta.regress.landmarks import cut
from bauta.regress.opening import open_regressor
from bauta.train.export.landmarks import morphable_of
from bauta.train.export.run import read_network

NAMES = face_model().expression_names
FACE = np.array([name not in LOOKS for name in NAMES])
FOV = 30.0
NOISE, LOOKED = 3.0, 30
"""Standard deviation of the sensor's noise, of 255, and looks at the noisy picture."""
Answer = tuple[np.ndarray, np.ndarray]
"""Weights (E,) and (yaw, pitch) in degrees."""


class Direct:
    """Straight from pixels; the second look is upright by the first's points."""

    def __init__(self, run: Path) -> None:
        self.network = read_network(run)
        self.size = self.network.config.size
        self.weights_from = 9 + morphable_of(self.network).identity

    def _said(self, image: np.ndarray, roi: Roi) -> dict[str, np.ndarray]:
        crop = torch.from_numpy(cut(image, roi, self.size)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            out = self.network(crop.float() / 127.5 - 1)
        return {name: values[0].numpy() for name, values in out.items()}

    def __call__(self, image: np.ndarray, roi: Roi) -> Answer:
        """What the second look says."""
        points = self._said(image, roi)["ibug68-3d"]
        points = affine.apply(affine.invert(roi.transform(self.size)), points)
        said = self._said(image, place(points, "ibug68-3d").roi)
        return said["morphable"][self.weights_from :].clip(0, 1), said["pose"][:2]


class Fitted:
    """By the points of a model and the fit."""

    def __init__(self, model: str) -> None:
        self.regressor = open_regressor(model)
        settings = FitSettings(kappa=0.0)  # eyes as the model's
        points = fit_points(face_model(), settings.modes)
        self.fitter = FaceFitter(face_model(), points, settings)

    def __call__(self, image: np.ndarray, roi: Roi) -> Answer:
        """What the fit makes of the second look; zero where no head explains it."""
        first = self.regressor(image, roi)
        face = self.regressor(image, place(first.points[first.main], first.main).roi)
        self.fitter.reset()
        height, width = image.shape[:2]
        camera = Camera.of_fov(width, height, FOV)
        mesh, sigma = face.points["mesh478"], face.sigma["mesh478"]
        fit = self.fitter(mesh, sigma, camera, face.presence, face.blendshapes)
        if fit is None:
            return np.zeros(len(NAMES)), np.zeros(2)
        return fit.weights, np.array(to_angles(fit.R_camera_head)[:2])


def line(name: str, said: np.ndarray, true: np.ndarray, turn: np.ndarray, spread: float) -> str:
    """What is off: weights (N, E) said and true, angles (N, 2) off."""
    on, off = (true > 0.2) & FACE, (true == 0) & FACE
    blink = [NAMES.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    shut = true[:, blink].mean(1) > 0.9
    return (
        f"{name:8} weights above 0.2: {np.abs(said - true)[on].sum() / true[on].sum():.2f} of "
        f"answering zero; not there {said[off].mean():.3f}; all {np.abs(said - true).mean():.3f}; "
        f"eyeBlink of shut eyes {said[shut][:, blink].mean():.2f}; "
        f"yaw {np.abs(turn[:, 0]).mean():.1f}, pitch {np.abs(turn[:, 1]).mean():.1f} degrees off; "
        f"spread under noise {spread:.4f}\n"
    )


def steadiness(see: Callable[[np.ndarray, Roi], Answer], image: np.ndarray, roi: Roi) -> float:
    """Mean standard deviation of the weights over looks at one picture with fresh noise."""
    rng, weights = np.random.default_rng(0), []
    for _ in range(LOOKED):
        noisy = image + rng.normal(size=image.shape) * NOISE
        weights.append(see(np.clip(noisy, 0, 255).astype(np.uint8), roi)[0])
    return float(np.std(weights, 0).mean())


def main() -> None:
    """Look at every face both ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("run", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--pack", type=Path, default=Path(".packs/rendered"))
    parser.add_argument("--split", default="val,test")
    parser.add_argument("--most", type=int, default=400)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    pack = read_pack(options.pack)
    rows, pose = faces_of(pack, options.split.split(","))
    kept = np.linspace(0, len(rows) - 1, min(options.most, len(rows))).astype(int)
    rows, pose = rows[kept], pose[kept]
    true = np.stack([pack.attribute(f"expression/{name}")[rows] for name in NAMES], 1)
    for name, see in (("direct", Direct(options.run)), ("fit", Fitted(options.model))):
        started = time.process_time()
        answers = [see(image, roi) for image, roi in crops_of(pack, rows)]
        spent = 1000 * (time.process_time() - started) / len(rows)
        weights, angles = (np.stack(part) for part in zip(*answers, strict=True))
        spread = steadiness(see, *next(crops_of(pack, rows)))
        for what, some in (("all", np.ones(len(rows), bool)), ("|yaw|<30", abs(pose[:, 0]) < 30)):
            turn = (angles - pose[:, :2])[some]
            sys.stdout.write(f"{what} " + line(name, weights[some], true[some], turn, spread))
        sys.stdout.write(f"{name}: {spent:.1f} ms of processor time a face, both looks\n")


if __name__ == "__main__":
    main()
