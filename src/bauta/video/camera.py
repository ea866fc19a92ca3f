"""A webcam, by its number."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bauta.checks import SourceError
from bauta.video.frame import Frame, Source
from bauta.video.opencv import quiet

PATIENCE = 3.0
"""Seconds without a picture after which a camera counts as gone."""
PAUSE = 0.02
MOST_CAMERAS = 1_000_000
"""A larger number overflows OpenCV's."""


class Camera(Source):
    """Live frames of webcam `index` (0 is the first), timed by a monotonic clock from the first.

    Iterating again goes on with the same camera and clock. Raises SourceError when the camera
    cannot be opened, and when it delivers nothing for three seconds.
    """

    kind = "camera"

    def __init__(self, index: int) -> None:
        import cv2

        self.name = f"camera {index}"
        if index > MOST_CAMERAS:
            raise SourceError(f"{self.name}: there is no such camera; try 0, 1 or 2")
        with quiet():
            self._capture = cv2.VideoCapture(index)
        if not self._capture.isOpened():
            raise SourceError(
                f"{self.name}: cannot be opened; check that it is plugged in, that no other "
                "program uses it and that you may use it, or try another number (0, 1, ...)"
            )
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # where possible: the newest picture
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or None
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.size_wh = (width, height) if width > 0 and height > 0 else None
        self._start: float | None = None
        self._count = 0

    def __iter__(self) -> Iterator[Frame]:
        import cv2

        heard = time.monotonic()
        while self._capture.isOpened():
            arrived, image = self._capture.read()
            now = time.monotonic()
            if not arrived or image is None:
                if now - heard > PATIENCE:
                    raise SourceError(
                        f"{self.name}: stopped delivering after {self._count} frames; "
                        "check its cable and start again"
                    )
                time.sleep(PAUSE)
                continue
            heard = now
            self._start = now if self._start is None else self._start
            frame = Frame(
                cv2.cvtColor(image, cv2.COLOR_BGR2RGB), now - self._start, self._count, self.name
            )
            self._count += 1
            yield frame

    def close(self) -> None:
        self._capture.release()
