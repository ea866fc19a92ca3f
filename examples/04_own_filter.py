"""Smooth the points with a filter of your own, one for each person.

python examples/04_own_filter.py clip.mp4

Take the tracker's points as the network says them (filter="none"), and do with them what you like.
Here a double exponential filter: it keeps a position and a velocity (Holt 1957). The filters
that come with bauta, and how they are judged, are in docs/steadiness.md.
"""

import sys

import numpy as np

import bauta


class Holt:
    """x = a z + (1 - a) (x + v);  v = b (x - x_before) + (1 - b) v."""

    def __init__(self, a: float = 0.4, b: float = 0.2) -> None:
        self.a, self.b = a, b
        self.x = self.v = None

    def __call__(self, z: np.ndarray) -> np.ndarray:
        if self.x is None:
            self.x, self.v = z, np.zeros_like(z)
            return z
        x = self.a * z + (1 - self.a) * (self.x + self.v)
        self.v = self.b * (x - self.x) + (1 - self.b) * self.v
        self.x = x
        return x


def shake(track: list[np.ndarray]) -> float:
    """How far points are from the middle between their neighbours in time: pixels, median frame."""
    p = np.array(track)
    return float(np.median(np.linalg.norm(p[1:-1] - (p[:-2] + p[2:]) / 2, axis=-1).mean(1)))


filters: dict[int, Holt] = {}  # id -> filter: people must not share one
raw, smooth = [], []
with bauta.Tracker(filter="none") as tracker:
    for frame in bauta.open_video(sys.argv[1]):
        for face in tracker(frame):
            points = face.mesh.astype(float)
            filtered = filters.setdefault(face.id, Holt())(points)
            if face.id == 0:
                raw.append(points[:, :2])
                smooth.append(filtered[:, :2])
print(f"shake: {shake(raw):.3f} pixels as the network says, {shake(smooth):.3f} filtered")
