"""Things that look like faces to our own detector and are none: hard negatives for presence.

    python -m bauta.data.lookalikes .packs/faces/lookalikes.npy

Mined from the training people's pictures and the photographs without people: boxes that the shipped
detector proposes, even hesitantly, where the teacher detector saw no face.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bauta.assets.store import read_model
from bauta.crop import Roi, roi_of_box
from bauta.data import teachers
from bauta.data.crops import PACK, PACK_MARGIN
from bauta.data.cutouts import people_in_negatives
from bauta.data.splits import split_of
from bauta.detect.detector import Detector
from bauta.engine.session import Session
from bauta.geometry import boxes
from bauta.regress.landmarks import cut

HESITANT = 0.06
"""Score from which a proposal is taken."""
PER_PICTURE = 3
MOST = 5000
"""Crops kept of all that were found, drawn at random."""


def proposals(detector: Detector, image: np.ndarray, faces: np.ndarray) -> list[np.ndarray]:
    """Crops (PACK, PACK, 3) of boxes that touch none of `faces` (K, 4)."""
    found, _ = detector(image)
    if len(faces) and len(found):
        found = found[boxes.iou(found, faces).max(1) < 0.02]
    rois = [roi_of_box(box) for box in found[:PER_PICTURE]]
    return [cut(image, Roi(r.center, r.side * PACK_MARGIN, 0.0), PACK) for r in rois]


def mine(split: str = "train") -> np.ndarray:
    """Look-alikes (N, PACK, PACK, 3) uint8 of one split."""
    detector = Detector(Session(read_model("detector")), threshold=HESITANT)
    crops: list[np.ndarray] = []
    photos = teachers.read_pictures("negatives")
    for file in sorted(set(photos) - people_in_negatives()):
        if split_of(file) == split:
            crops += proposals(detector, teachers.decode(photos[file]), np.zeros((0, 4)))
    for name in ("ytf", "masks"):
        pictures, known = teachers.read_pictures(name), teachers.read_boxes(name)
        labels = teachers.read_teacher_set(name, pictures)
        for file, where in zip(labels.files, labels.split, strict=True):
            if where == split and len(known[file][0]):
                crops += proposals(detector, teachers.decode(pictures[file]), known[file][0])
    kept = np.random.default_rng(0).permutation(len(crops))[:MOST]
    return np.stack([crops[i] for i in kept])


def main() -> None:
    """Mine the training pictures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("file", type=Path)
    np.save(parser.parse_args().file, mine())


if __name__ == "__main__":
    main()
