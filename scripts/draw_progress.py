"""Draws docs/progress.jpg: the same rendered heads through an early model and the one that ships.

    bauta synth made --kind free --count 800 --seed 1001
    git show 28cff7c:src/bauta/assets/models/base.onnx > base1.onnx
    python scripts/draw_progress.py made --before base1.onnx --after base --out docs/progress.jpg

Heads that nobody learned from: profiles, shut eyes, raised brows, laughter and covered mouths, the
first of each kind in the pack's order, none chosen by how well a model does. Above each line the
earlier model, below the later one; lines along lids, brows, lips, nose and the face's outline.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from tiles import SPLITS, line_of, note, zoomed

from bauta.data.packs import Pack, read_pack
from bauta.eval.looked import Looked
from bauta.eval.packed import faces_of, look
from bauta.tables import mesh478

A_ROW = 6
COLOUR = (90, 255, 120)


def edges() -> np.ndarray:
    """(n, 2) lines between points of the mesh that draw a face."""
    return np.concatenate(
        [e for key, e in mesh478().items() if key.startswith("edges_") and "tessel" not in key]
    ).astype(int)


def tile(image: np.ndarray, true: np.ndarray, said: np.ndarray, text: str) -> np.ndarray:
    """The face with what a model says, (SIDE, SIDE, 3); points (478, 2) in pixels of the picture,
    the true ones only say where the face is."""
    out, place = zoomed(image, true, 1.4)
    ends = np.round(place(said) * 16).astype(int)
    for first, second in edges():
        cv2.line(out, ends[first].tolist(), ends[second].tolist(), COLOUR, 1, cv2.LINE_AA, 4)
    return note(out, text)


def kinds(pack: Pack, rows: np.ndarray, pose: np.ndarray) -> dict[str, np.ndarray]:
    """Kind -> (N,) bool."""

    def said(name: str) -> np.ndarray:
        return pack.attribute(f"expression/{name}")[rows]

    ahead = np.abs(pose[:, 0]) < 30
    blink = np.minimum(said("eyeBlinkLeft"), said("eyeBlinkRight"))
    smile = np.minimum(said("mouthSmileLeft"), said("mouthSmileRight"))
    visible = pack.labels("mesh478").visible
    lips = np.unique(mesh478()["edges_lips"]).astype(int)
    assert visible is not None, "packs of rendered heads say what is visible"
    covered = ahead & (visible[rows][:, lips].mean(1) < 0.2)
    bare = ahead & ~covered
    return {
        "profile": np.abs(pose[:, 0]) > 60,
        "shut eyes": bare & (blink > 0.9),
        "brows": bare & (said("browInnerUp") > 0.6),
        "laughter": bare & (smile > 0.4) & (said("jawOpen") > 0.1),
        "covered mouth": covered,
    }


def sheet(pack: Pack, rows: np.ndarray, before: Looked, after: Looked) -> np.ndarray:
    """Two rows a kind, RGB."""
    lines = []
    for kind, of_kind in kinds(pack, rows, after.pose).items():
        for name, faces in (("before", before), ("now", after)):
            errors, tiles = faces.errors("mesh478"), []
            for k in np.flatnonzero(of_kind)[:A_ROW].tolist():
                points = [part["mesh478"][k][:, :2] for part in (faces.truth, faces.said)]
                text = f"{kind}, {name} {errors[k]:.1f} %"
                tiles.append(tile(pack.image(int(rows[k])), *points, text))
            lines.append(line_of(tiles, A_ROW))
    return np.vstack(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--before", required=True)
    parser.add_argument("--after", default="base")
    parser.add_argument("--out", type=Path, default=Path("docs/progress.jpg"))
    options = parser.parse_args()
    pack = read_pack(options.pack)
    rows, pose = faces_of(pack, SPLITS)
    before, after = (look(pack, rows, pose, m) for m in (options.before, options.after))
    picture = sheet(pack, rows, before, after)
    cv2.imwrite(str(options.out), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
