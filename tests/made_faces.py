"""Faces made of known cameras: the canonical face seen from anywhere, dots where its points are."""

import cv2
import numpy as np

from bauta import schemes
from bauta.data.sample import Labels, Sample
from bauta.geometry.rotation import from_angles

FINE = 8
"""Sub-pixels a side with which dots are drawn."""


def points_of(scheme, pose=(0.0, 0.0, 0.0), scale=8.0, center=(160.0, 120.0)):
    """(K, 3) float32 points of the canonical face under (yaw, pitch, roll), pixels."""
    seen = scale * schemes.layout(scheme) @ from_angles(*pose).T
    return (seen + np.array([*center, 0.0])).astype(np.float32)


def dotted(points, size=(320, 240), radius=4.0, level=60):
    """Grey picture (H, W, 3) with a white disc at each of points (K, 2), to 1/8 pixel."""
    width, height = size
    fine = np.full((height * FINE, width * FINE), level, np.uint8)
    for x, y in np.asarray(points)[:, :2]:
        at = (round(float(x) * FINE - 0.5), round(float(y) * FINE - 0.5))
        cv2.circle(fine, at, round(radius * FINE), 255, -1)
    small = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return np.repeat(small[..., None], 3, axis=2)


def dot_near(image, point, reach=6):
    """Centroid (2,) of what is bright within `reach` pixels of a point, continuous coordinates."""
    x, y = np.floor(point).astype(int)
    x1, y1 = max(0, x - reach), max(0, y - reach)
    patch = image[y1 : y + reach + 1, x1 : x + reach + 1].mean(-1)
    bright = np.clip(patch - 90.0, 0, None)
    assert bright.sum() > 100, "no dot"
    ys, xs = np.mgrid[: patch.shape[0], : patch.shape[1]] + 0.5
    return np.array([(xs * bright).sum(), (ys * bright).sum()]) / bright.sum() + (x1, y1)


FEW = np.array([8, 30, 36, 45, 54])
"""Points of `ibug68` that are far apart: chin, nose tip, outer eye corners, a mouth corner."""


def sample(index, pose=(0.0, 0.0, 0.0), scheme="ibug68", **more):
    """A face of its own person, with dots at `FEW` of its points."""
    center = (150.0 + 3 * (index % 7), 115.0 + 2 * (index % 5))
    points = points_of(scheme, pose, center=center)[:, :2]
    shown = points[FEW] if len(points) >= 68 else points
    labels = (Labels(points, scheme),)
    fields = {"labels": labels, "person": f"person {index}", "licence": "made up"} | more
    level = 40 + index % 200
    return Sample(name=f"{index}.png", picture=lambda: dotted(shown, level=level), **fields)
