"""What may go away and come back: tried again with growing pauses, for a while."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator

import numpy as np

from bauta.checks import SourceError
from bauta.video.clock import Clock
from bauta.video.frame import Frame, Source

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
"""Seconds between attempts: doubled from the first to the longest."""
RECONNECT = 30.0
"""Seconds after which a source that vanished is given up."""

Tell = Callable[[str], None]
Picture = tuple[np.ndarray, float | None]
"""(H, W, 3) uint8 RGB, and the seconds that the device itself puts on it, or None."""


class Vanishing(Source):
    """A live device: a camera or an address, timed by a monotonic clock from its first picture.

    When it stops delivering it is opened again, with pauses of 0.5, 1, 2, 4, 8, 8 ... seconds,
    until `reconnect` seconds are over; then SourceError. The clock goes on meanwhile. `tell` is
    called with a sentence when it is lost and when it is back. Iterating again goes on with the
    same device and clock. Raises SourceError at once when it cannot be opened the first time.
    """

    def __init__(self, name: str, reconnect: float, tell: Tell | None) -> None:
        self.name = name
        self._reconnect, self._tell = reconnect, tell or (lambda _: None)
        self._closed = threading.Event()
        self._clock = Clock(None, 0.0)
        self._start: float | None = None
        self._count = 0
        self._pictures, self._first = self._connect()
        self.size_wh = (self._first[0].shape[1], self._first[0].shape[0])

    @abstractmethod
    def _open(self) -> Iterator[Picture]:
        """Open the device and yield what it delivers, until it ends or SourceError says why not;
        sets `rate`. Closing the generator closes the device."""

    def _connect(self) -> tuple[Iterator[Picture], Picture]:
        """An open device that has delivered its first picture."""
        pictures = self._open()
        first = next(pictures, None)
        if first is None:
            raise SourceError(f"{self.name}: opened, but no picture came")
        return pictures, first

    def __iter__(self) -> Iterator[Frame]:
        try:
            while not self._closed.is_set():
                try:
                    yield from self._delivered()
                    why = f"{self.name}: ended after {self._count} frames"
                except SourceError as error:
                    why = str(error)
                if not self._closed.is_set():
                    self._again(why)
        finally:
            if self._closed.is_set():
                self._close_device()

    def _delivered(self) -> Iterator[Frame]:
        if self._first is not None:
            picture, self._first = self._first, None
            yield self._frame(*picture)
        for picture in self._pictures:
            if self._closed.is_set():
                return
            yield self._frame(*picture)

    def _frame(self, image: np.ndarray, seconds: float | None) -> Frame:
        now = time.monotonic()
        self._start = now if self._start is None else self._start
        frame = Frame(image, self._clock(seconds, now - self._start), self._count, self.name)
        self._count += 1
        return frame

    def _again(self, why: str) -> None:
        """Open the device once more; SourceError with `why` when it stays away."""
        self._close_device()
        lost, pause = time.monotonic(), FIRST_PAUSE
        if self._reconnect:
            self._tell(f"{why}; trying again for {self._reconnect:.0f} s")
        while (left := lost + self._reconnect - time.monotonic()) > 0:
            if self._closed.wait(min(pause, left)):
                return
            try:
                self._pictures, self._first = self._connect()
            except SourceError:
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self._clock.origin = None  # the device may count from anew
            self._tell(f"{self.name}: back after {time.monotonic() - lost:.1f} s")
            return
        stayed = f" and stayed away for {self._reconnect:.0f} s" if self._reconnect else ""
        raise SourceError(f"{why}{stayed}; check that it runs and is connected, and start again")

    def close(self) -> None:
        """Release the device; a thread that is reading from it does so at its next picture."""
        self._closed.set()
        self._close_device()

    def _close_device(self) -> None:
        try:
            self._pictures.close()  # type: ignore[attr-defined]
        except ValueError:  # it is at work in another thread, which looks at `_closed`
            return
