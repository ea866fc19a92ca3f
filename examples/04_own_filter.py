"""Smooth the points with a filter of your own, one for each person.

python examples/04_own_filter.py clip.mp4

Take the tracker's points as the network says them (filter="none"), and do with them what you like.
Here the simplest filter of all, which forgets the past over a tenth of a second; what it takes
from the shake it adds in lag. The filters that come with bauta, and how they are judged, are in
docs/steadiness.md.
"""

import sys

import numpy as np

import bauta


class Exponential:
    """x += (1 - exp(-dt / tau)) (z - x), with the true time between two frames."""

    def __init__(self, tau: float = 0.1) -> None:
        self.tau = tau
        self.x = self.time = None

    def __call__(self, z: np.ndarray, time: float) -> np.ndarray:
        if self.x is None:
            self.x = z
        else:
            self.x = self.x + (1 - np.exp(-(time - self.time) / self.tau)) * (z - self.x)
        self.time = time
        return self.x


def shake(track: list[np.ndarray]) -> float:
    """How far points are from the middle between their neighbours in time, pixels, in the stillest
    frames (a tenth has less): in the others it is the head that moves."""
    p = np.array(track)
    return float(np.percentile(np.linalg.norm(p[1:-1] - (p[:-2] + p[2:]) / 2, axis=-1).mean(1), 10))


def main(clip: str) -> None:
    filters: dict[int, Exponential] = {}  # id -> filter: people must not share one
    raw, smooth = [], []
    with bauta.Tracker(filter="none") as tracker:
        for frame in bauta.open_video(clip):
            for face in tracker(frame):
                points = face.mesh.astype(float)
                filtered = filters.setdefault(face.id, Exponential())(points, frame.time)
                if face.id == 0:
                    raw.append(points[:, :2])
                    smooth.append(filtered[:, :2])
    if len(raw) < 3:
        sys.exit(f"{clip}: nobody was seen for three frames")
    print(f"shake: {shake(raw):.3f} pixels as the network says, {shake(smooth):.3f} filtered")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except bauta.BautaError as error:
        sys.exit(str(error))
