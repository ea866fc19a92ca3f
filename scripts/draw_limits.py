"""Draws docs/limits.jpg: heads that nobody photographed on which a model is worst.

    bauta synth made --kind free --count 800 --seed 1001
    python scripts/draw_limits.py made --model base --out docs/limits.jpg

Green: where points are, red: where the model has them. Rows: the worst by error over the face's
size among faces that look ahead, that look to the side, and that have shut eyes (by what is left of
the gap), and, last, faces in the middle of the list.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from tiles import SPLITS, line_of, note, zoomed

from bauta.data.packs import Pack, read_pack
from bauta.eval.looked import ASIDE, FRONTAL, SHUT, Looked
from bauta.eval.packed import faces_of, look
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478, eye_aspect_ratio

A_ROW = 8
TRUE, SAID = (60, 220, 60), (230, 40, 40)


def tile(image: np.ndarray, true: np.ndarray, said: np.ndarray, text: str) -> np.ndarray:
    """The face with both, (SIDE, SIDE, 3); points (478, 2) in pixels of the picture."""
    out, place = zoomed(image, true, 1.5)
    for points, colour in ((true, TRUE), (said, SAID)):
        for x, y in place(points):
            cv2.circle(out, (round(x), round(y)), 1, colour, -1, cv2.LINE_AA)
    return note(out, text)


def opening(points: np.ndarray) -> np.ndarray:
    """(N,) gap over width of the eye that is wider open, of meshes (N, 478, 2 or 3)."""
    return np.max([eye_aspect_ratio(points[:, e]) for e in (RIGHT_EYE478, LEFT_EYE478)], axis=0)


def chosen(faces: Looked) -> list[tuple[str, np.ndarray]]:
    """What a row is of, and which faces it shows."""
    errors, aside = faces.errors("mesh478"), np.abs(faces.pose[:, 0])
    true, said = opening(faces.truth["mesh478"]), opening(faces.said["mesh478"])
    shut = np.flatnonzero((aside < FRONTAL) & (true < SHUT))
    order = np.argsort(-errors)
    ahead, side = order[aside[order] < FRONTAL], order[aside[order] >= ASIDE]
    middle = len(order) // 2 - A_ROW // 2
    return [
        ("ahead", ahead[:A_ROW]),
        ("aside", side[:A_ROW]),
        ("shut", shut[np.argsort(-said[shut])][:A_ROW]),
        ("usual", order[middle : middle + A_ROW]),
    ]


def sheet(pack: Pack, rows: np.ndarray, faces: Looked) -> np.ndarray:
    """All rows, RGB."""
    errors, lines = faces.errors("mesh478"), []
    for what, which in chosen(faces):
        tiles = []
        for k in which.tolist():
            points = [part["mesh478"][k][:, :2] for part in (faces.truth, faces.said)]
            tiles.append(tile(pack.image(int(rows[k])), *points, f"{what} {errors[k]:.1f} %"))
        lines.append(line_of(tiles, A_ROW))
    return np.vstack(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--out", type=Path, default=Path("docs/limits.jpg"))
    options = parser.parse_args()
    pack = read_pack(options.pack)
    rows, pose = faces_of(pack, SPLITS)
    picture = sheet(pack, rows, look(pack, rows, pose, options.model))
    cv2.imwrite(str(options.out), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
