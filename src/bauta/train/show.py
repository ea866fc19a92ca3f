"""What a network is shown, as one picture to look at."""

from __future__ import annotations

import cv2
import numpy as np

from bauta.data.batch import Batch

COLOURS = ((90, 220, 90), (255, 140, 40), (70, 160, 255), (255, 90, 200), (240, 230, 60))
"""RGB of the schemes, in the order of the batch."""
ABSENT = (230, 40, 40)
BITS = 4


def _dots(
    tile: np.ndarray, points: np.ndarray, colour: tuple[int, ...], hollow: np.ndarray
) -> None:
    """Points (K, 2) in pixels of the tile; hollow where hidden."""
    few = len(points) <= 130
    for (x, y), ring in zip(points, hollow, strict=True):
        at = (round((x - 0.5) * 2**BITS), round((y - 0.5) * 2**BITS))
        if ring:
            cv2.circle(tile, at, 3 << BITS, colour, 1, cv2.LINE_AA, BITS)
        else:
            cv2.circle(tile, at, (22 if few else 12), colour, -1, cv2.LINE_AA, BITS)


def tile_of(batch: Batch, row: int, zoom: int) -> np.ndarray:
    """One crop, `zoom` times enlarged, its believed points drawn; a red border without a face."""
    tile = cv2.resize(batch.images[row], None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    for index, (scheme, points) in enumerate(batch.points.items()):
        believed = batch.weights[scheme][row] > 0
        visible = batch.visible.get(scheme)
        hidden = np.zeros(len(believed), bool) if visible is None else visible[row] == 0
        colour = COLOURS[index % len(COLOURS)]
        _dots(tile, points[row, believed, :2] * zoom, colour, hidden[believed])
    if not batch.present[row]:
        cv2.rectangle(tile, (0, 0), (tile.shape[1] - 1, tile.shape[0] - 1), ABSENT, 3)
    return tile


def sheet(batch: Batch, columns: int, zoom: int = 2) -> np.ndarray:
    """(H, W, 3) RGB: all crops of a batch in rows of `columns`."""
    tiles = [tile_of(batch, row, zoom) for row in range(len(batch.images))]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return np.vstack(rows)
