"""A webcam, by its number."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bauta.checks import SourceError
from bauta.video.frame import Tell
from bauta.video.opencv import quiet
from bauta.video.retry import RECONNECT, Picture, Vanishing

PATIENCE = 3.0
"""Seconds without a picture after which a camera counts as gone."""
PAUSE = 0.02
MOST_CAMERAS = 1_000_000
"""A larger number overflows OpenCV's."""


class Camera(Vanishing):
    """Live frames of webcam `index` (0 is the first)."""

    kind = "camera"

    def __init__(
        self, index: int, *, reconnect: float = RECONNECT, tell: Tell | None = None
    ) -> None:
        if index > MOST_CAMERAS:
            raise SourceError(f"camera {index}: there is no such camera; try 0, 1 or 2")
        self.index = index
        super().__init__(f"camera {index}", reconnect, tell)

    def _open(self) -> Iterator[Picture]:
        import cv2

        with quiet():
            capture = cv2.VideoCapture(self.index)
        try:
            if not capture.isOpened():
                raise SourceError(
                    f"{self.name}: cannot be opened; check that it is plugged in, that no other "
                    "program uses it and that you may use it, or choose another "
                    "(bauta track --list-cameras)"
                )
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # where possible: the newest picture
            self.rate = capture.get(cv2.CAP_PROP_FPS) or None
            heard = time.monotonic()
            while not self._closed.is_set():
                arrived, image = capture.read()
                if arrived and image is not None:
                    heard = time.monotonic()
                    yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB), None
                elif time.monotonic() - heard > PATIENCE:
                    raise SourceError(f"{self.name}: stopped delivering after {self._count} frames")
                else:
                    time.sleep(PAUSE)
        finally:
            capture.release()
