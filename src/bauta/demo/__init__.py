"""The demo clip and its truth.

`clip.mp4` moves one photograph in a way that is known exactly: NASA's portrait of the astronaut
Eileen Collins (public domain), as it ships with scikit-image (`skimage.data.astronaut`). Its 68
points were marked once by hand (`astronaut68.csv`), `motion` says where each frame puts the
picture, `truth` scores points against the marks moved along. `scripts/make_demo_clip.py` writes
the clip.
"""

from __future__ import annotations

from pathlib import Path


def clip_path() -> Path:
    """The demo clip: `motion.FRAMES` frames of `motion.SIZE_WH` pixels, `motion.RATE` a second."""
    return Path(__file__).with_name("clip.mp4")
