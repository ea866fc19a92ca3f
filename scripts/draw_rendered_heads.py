"""The sheet of docs/synthesis.md: rendered heads, frames of a clip, and labels.

python scripts/draw_rendered_heads.py docs/synthesis-rendered.jpg
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from bauta.data.sample import Sample
from bauta.synth.kinds import KINDS

SHOWN, COLUMNS, TILE = 24, 8, 144


def tile(sample: Sample, points: bool) -> np.ndarray:
    """(TILE, TILE, 3), with the points that are seen in green and the hidden ones in red."""
    image = cv2.resize(sample.picture(), (2 * TILE, 2 * TILE), interpolation=cv2.INTER_CUBIC)
    scale = len(image) / len(sample.picture())
    if points:
        labels = sample.labels[0]
        assert labels.visible is not None
        for place, seen in zip(labels.points[:, :2] * scale, labels.visible, strict=True):
            colour = (60, 255, 60) if seen else (255, 60, 60)
            cv2.circle(image, (int(place[0]), int(place[1])), 1, colour, -1, cv2.LINE_AA)
    return cv2.resize(image, (TILE, TILE), interpolation=cv2.INTER_AREA)


def main(path: Path) -> None:
    """Three rows of people, one of a clip, one with points."""
    still, clip = KINDS["free"].open(None, ()), KINDS["clips"].open(None, ())
    tiles = [tile(still(5 * k, 1), points=False) for k in range(SHOWN)]
    tiles += [tile(clip(180 + 4 * k, 1), points=False) for k in range(COLUMNS)]
    tiles += [tile(still(5 * k + 1, 2), points=True) for k in range(COLUMNS)]
    rows = [np.concatenate(tiles[k : k + COLUMNS], 1) for k in range(0, len(tiles), COLUMNS)]
    sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
