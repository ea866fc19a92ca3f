"""The picture of docs/synthesis.md: the photograph of the demo clip, turned.

python scripts/draw_turned_heads.py [OUT.jpg]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from bauta.data.sample import Labels, Sample
from bauta.demo import motion
from bauta.geometry.rotation import to_angles
from bauta.render import strokes
from bauta.render.sheet import contact_sheet
from bauta.synth.profile.lift import lift
from bauta.synth.profile.series import FRAMES, ProfileClips
from bauta.synth.profile.turn import Turned, turned
from bauta.tracker import detect_faces
from bauta.video.files import VideoFile

CLIP = Path(motion.__file__).with_name("clip.mp4")
YAWS = (30, 45, 60, 75, 90)
PITCHES = (-30, 30)
TILE = 190
SCHEMES = {"mesh478": 0.7, "ibug68": 1.6}
"""Radius of the dots, pixels."""
COLOURS = {"mesh478": (94, 226, 255), "ibug68": (255, 196, 61)}
HIDDEN = (255, 60, 50)


def photograph() -> Sample:
    """A still frame of the clip, with the points that `base` finds."""
    image = next(f.image for f in VideoFile(CLIP) if f.index == motion.STILL[5])
    face = detect_faces(image, "base", 1, fit=False)[0]
    labels = [("mesh478", face.mesh), ("ibug68-3d", face.points68_3d)]
    labels.append(("ibug68", face.points68[:, :2]))
    return Sample("astronaut", lambda: image, tuple(Labels(p, name) for name, p in labels))


def dotted(view: Turned) -> np.ndarray:
    """The picture with mesh and visible outline; red where hidden."""
    image = view.picture()
    for labels in view.labels():
        if labels.scheme in SCHEMES:
            assert labels.visible is not None
            for rows, colour in (
                (~labels.visible, HIDDEN),
                (labels.visible, COLOURS[labels.scheme]),
            ):
                strokes.discs(image, labels.points[rows, :2], SCHEMES[labels.scheme], colour)
    return image


def clip_of(photo: Sample, count: int) -> list[tuple[np.ndarray, str]]:
    """Moments of a clip with what is written under them."""
    make = ProfileClips([photo])
    frames = [make(int(k), 0) for k in np.linspace(0, FRAMES - 1, count).round()]
    return [(frame.picture(), f"clip, {frame.attributes['time']:.1f} s") for frame in frames]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/synthesis-profile.jpg"))
    out = parser.parse_args().out
    photo = photograph()
    lifted = lift(photo)
    assert lifted is not None
    yaw, pitch, _ = to_angles(lifted.R_labels)
    side = 1 if yaw >= 0 else -1
    poses = [(yaw, pitch)] + [(side * max(abs(yaw), y), pitch) for y in YAWS]
    poses += [(side * y, p) for p in PITCHES for y in (abs(yaw), 40, 70)]
    views = [turned(lifted, *pose) for pose in poses]
    names = [f"yaw {y:.0f}, pitch {p:.0f}" for y, p in poses]
    names[0] = "the photograph"
    tiles = []
    for k in range(0, len(views), len(YAWS) + 1):
        row = slice(k, k + len(YAWS) + 1)
        tiles += list(zip([view.picture() for view in views[row]], names[row], strict=True))
        tiles += [(dotted(view), "") for view in views[row]]
    tiles += clip_of(photo, len(YAWS) + 1)
    images, captions = [image for image, _ in tiles], [name for _, name in tiles]
    sheet = contact_sheet(images, len(YAWS) + 1, captions, TILE, gap=4)
    cv2.imwrite(str(out), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
