"""Draws docs/schemes.png: the point orders on the canonical face, as in a picture of it.

    python scripts/draw_schemes.py docs/schemes.png

The subject's right is on the left. Where numbers would overlap some are left out.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from bauta import schemes

PANELS = (
    "celeba5", "bioid20", "aflw21", "cofw29", "fs70", "wflw98", "jd106", "insightface106",
    "helen194",
)  # fmt: skip
COLUMNS, WIDTH, HEIGHT, SCALE = 3, 1000, 1050, 58.0
FONT, SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.36
LINE, POINT, TEXT = 205, 120, 0  # grey


class Panel:
    """One scheme; remembers where ink is, to keep numbers apart."""

    def __init__(self, name: str) -> None:
        self.scheme = schemes.get(name)
        self.picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
        self.taken = np.zeros((HEIGHT, WIDTH), bool)
        at = schemes.layout(name)[:, :2] * [1, -1] * SCALE
        self.points = at + np.array([WIDTH / 2, HEIGHT * 0.42])

    def draw(self) -> np.ndarray:
        """Lines, points and numbers: (HEIGHT, WIDTH) uint8."""
        title = f"{self.scheme.name}: {self.scheme.title}"
        cv2.putText(self.picture, title, (20, 34), FONT, 0.8, TEXT, 1, cv2.LINE_AA)
        pixels = self.points.round().astype(int)
        for a, b in self.scheme.edges:
            cv2.line(self.picture, pixels[a].tolist(), pixels[b].tolist(), LINE, 1, cv2.LINE_AA)
        for x, y in pixels:
            cv2.circle(self.picture, (int(x), int(y)), 3, POINT, -1, cv2.LINE_AA)
            self.taken[y - 3 : y + 4, x - 3 : x + 4] = True
        for region in self.scheme.regions.values():
            middle = self.points[region].mean(axis=0)
            for index in region:
                self._number(int(index), self.points[index] - middle)
        return self.picture

    def _number(self, index: int, outward: np.ndarray) -> None:
        (wide, high), _ = cv2.getTextSize(str(index), FONT, SIZE, 1)
        first = np.degrees(np.arctan2(outward[1], outward[0])) if outward.any() else 0.0
        for far in (5, 8):
            for turn in (0, 30, -30, 60, -60, 90, -90, 120, -120, 150, -150, 180):
                way = np.radians(first + turn)
                reach = np.array([far + wide / 2, far + high / 2])
                centre = self.points[index] + reach * [np.cos(way), np.sin(way)]
                x, y = (centre - [wide / 2, high / 2]).round().astype(int)
                box = self.taken[y - 1 : y + high + 1, x - 1 : x + wide + 1]
                if not box.any():
                    box[:] = True
                    text = str(index), (int(x), int(y + high)), FONT, SIZE, TEXT, 1, cv2.LINE_AA
                    cv2.putText(self.picture, *text)
                    return


def main(path: str) -> None:
    """Writes the picture of all panels."""
    panels = [Panel(name).draw() for name in PANELS]
    rows = [np.hstack(panels[i : i + COLUMNS]) for i in range(0, len(panels), COLUMNS)]
    cv2.imwrite(path, np.vstack(rows) // 17 * 17, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main(sys.argv[1])
