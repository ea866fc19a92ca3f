"""A sheet of faces spread over a data set, with their points drawn: one look tells a wrong order,
a wrong origin or another picture's labels."""

from __future__ import annotations

import numpy as np

from bauta import schemes
from bauta.crop import Roi
from bauta.data.sample import Labels, Sample
from bauta.geometry import boxes
from bauta.regress.landmarks import cut
from bauta.render import strokes
from bauta.render.sheet import contact_sheet

SIDE = 256
"""Pixels of a face on the sheet."""
ROOM = 1.5
"""Side of what is shown over the longer side of the points' box."""
FACES = 24
COLUMNS = 6
COLOURS = ((255, 196, 61), (94, 226, 255), (255, 105, 180))
"""Of the points of the main truth, the second, the third."""
HIDDEN = (255, 60, 50)
"""Of points that the set says are hidden."""


class ContactSheet:
    """Keeps `FACES` faces evenly spread over all that were offered, however many come."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, np.ndarray]] = []
        self._offered, self._step = 0, 1

    def offer(self, sample: Sample, image: np.ndarray) -> None:
        """Draw and keep this face, or not: every so many-th is kept."""
        if self._offered % self._step == 0:
            if len(self._kept) >= 2 * FACES:
                self._kept = self._kept[::2]
                self._step *= 2
            if self._offered % self._step == 0:
                self._kept.append((f"{sample.subset} {sample.name}".strip(), tile(sample, image)))
        self._offered += 1

    def draw(self) -> np.ndarray | None:
        """The sheet, (H, W, 3) uint8 RGB; None when no face was offered."""
        if not self._kept:
            return None
        chosen = np.linspace(0, len(self._kept) - 1, min(FACES, len(self._kept))).round()
        kept = [self._kept[int(row)] for row in chosen]
        images, captions = [image for _, image in kept], [caption for caption, _ in kept]
        return contact_sheet(images, min(COLUMNS, len(kept)), captions, SIDE)


def tile(sample: Sample, image: np.ndarray) -> np.ndarray:
    """A square of `SIDE` pixels around a face with the points of all its truths, and its box."""
    points = sample.points[np.isfinite(sample.points).all(1), :2]
    if not len(points):
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    box = boxes.of_points(points)
    side = ROOM * max(float((box[2:] - box[:2]).max()), 8.0)
    roi = Roi(((box[:2] + box[2:]) / 2).astype(np.float64), side, 0.0)
    canvas = np.ascontiguousarray(cut(image, roi, SIDE))
    scale, corner = SIDE / side, roi.center - side / 2
    for labels, colour in reversed(list(zip(sample.labels, COLOURS, strict=False))):
        _draw(canvas, labels, (labels.points[:, :2] - corner) * scale, colour)
    if sample.box is not None:
        low, high = ((sample.box.reshape(2, 2) - corner) * scale).tolist()
        outline = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
        strokes.lines(canvas, [outline], strokes.PAPER, 1, closed=True)
    return canvas


def _draw(canvas: np.ndarray, labels: Labels, points: np.ndarray, colour: strokes.Colour) -> None:
    known = np.asarray(np.isfinite(points).all(1))
    edges = schemes.get(labels.scheme).edges
    if len(edges):
        edges = edges[known[edges].all(1)]
        with strokes.faded(canvas, points[known], 0.5, 2) as faint:
            strokes.lines(faint, points[edges], colour)
    if len(points) <= 200:
        strokes.discs(canvas, points[known], 1.6, colour)
        if labels.visible is not None:
            strokes.discs(canvas, points[known & ~labels.visible], 2.2, HIDDEN)
