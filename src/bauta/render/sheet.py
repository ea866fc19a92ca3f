"""Pictures side by side with captions: what a run looked like at one glance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bauta.checks import InputError, check_image
from bauta.render import strokes
from bauta.render.strokes import Colour


def contact_sheet(
    images: Sequence[np.ndarray],
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    width: int = 320,
    gap: int = 8,
    background: Colour = (28, 30, 34),
) -> np.ndarray:
    """Lay out RGB pictures (H, W, 3) in a grid, a row at a time; return RGB uint8.

    Every picture is scaled to `width` pixels, its shape kept, and centred in its row, which is as
    high as its tallest picture. `columns` is by default the smallest square that holds all.
    Captions stand below and are shortened to fit; give one a picture.

    Raises InputError when there are no pictures, or another number of captions.
    """
    if not images:
        raise InputError("images: expected at least one picture, got none")
    if captions is not None and len(captions) != len(images):
        raise InputError(f"captions: expected {len(images)}, one a picture, got {len(captions)}")
    columns = math.ceil(math.sqrt(len(images))) if columns is None else columns
    for name, value, least in (("columns", columns, 1), ("width", width, 16), ("gap", gap, 0)):
        if value < least:
            raise InputError(f"{name}: expected {least} or more, got {value}")
    columns = min(columns, len(images))
    cells = [_scaled(image, width) for image in images]
    height = max(9.0, width / 30)
    foot = 0 if captions is None else round(2.2 * height)
    rows = [
        _row(cells[i : i + columns], None if captions is None else captions[i : i + columns],
             columns, gap, foot, height, background)
        for i in range(0, len(cells), columns)
    ]  # fmt: skip
    edge = np.full((gap, rows[0].shape[1], 3), background, np.uint8)
    return np.concatenate([edge, *rows])


def _scaled(image: np.ndarray, width: int) -> np.ndarray:
    import cv2

    check_image(image)
    scale = width / image.shape[1]
    size = (width, max(1, round(image.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=how)


def _row(
    cells: Sequence[np.ndarray],
    captions: Sequence[str] | None,
    columns: int,
    gap: int,
    foot: int,
    height: float,
    background: Colour,
) -> np.ndarray:
    tallest, width = max(cell.shape[0] for cell in cells), cells[0].shape[1]
    shape = (tallest + foot + gap, columns * (width + gap) + gap, 3)
    row = np.full(shape, background, np.uint8)
    for number, cell in enumerate(cells):
        x, y = gap + number * (width + gap), (tallest - cell.shape[0]) // 2
        row[y : y + cell.shape[0], x : x + width] = cell
        if captions is not None:
            line = _fitting(captions[number], width, height)
            strokes.text(row, line, (x, tallest + 1.6 * height), height, strokes.PAPER)
    return row


def _fitting(line: str, width: int, height: float) -> str:
    """The line, or as much of its start as fits into `width` pixels with dots behind."""
    if strokes.text_size(line, height)[0] <= width:
        return line
    while line and strokes.text_size(line + "...", height)[0] > width:
        line = line[:-1]
    return line + "..."
