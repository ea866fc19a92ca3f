"""What may go away and come back: tried again with growing pauses, for a while."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bauta.checks import SourceError
from bauta.video.clock import Clock
from bauta.video.frame import Frame, Source, Tell

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
"""Seconds between attempts: doubled from the first to the longest."""
RECONNECT = 30.0
"""Seconds after which a source that vanished is given up."""
STEADY = 10.0
"""Seconds that a connection must live to count as one; a shorter one goes on with the pauses."""

Picture = tuple[np.ndarray, float | None]
"""(H, W, 3) uint8 RGB, and the seconds that the device itself puts on it, or None."""


class Vanishing(Source):
    """A live device: a camera or an address, timed by a monotonic clock from its first picture.

    When it stops delivering it is opened again, with pauses of 0.5, 1, 2, 4, 8, 8 ... seconds,
    until `reconnect` seconds are over; then SourceError. Pauses and seconds begin anew when it was
    there for `STEADY` seconds, so that one which hangs up again and again is given up too. The
    clock goes on meanwhile. `tell` is called with a sentence when it is lost and when it is back,
    and once when it comes and goes. Iterating again goes on with the same device and clock. Raises
    SourceError at once when it cannot be opened the first time.
    """

    def __init__(self, name: str, reconnect: float, tell: Tell | None) -> None:
        self.name = name
        self._reconnect, self._tell = reconnect, tell or (lambda _: None)
        self._closed = threading.Event()
        self._clock = Clock(None, 0.0)
        self._start: float | None = None
        self._count = 0
        self._outage: _Outage | None = None
        self._pictures, self._first = self._connect()
        self._since = time.monotonic()
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
        lost = time.monotonic()
        if self._outage is None or lost - self._since >= STEADY:
            self._outage = _Outage(lost + self._reconnect, FIRST_PAUSE)
        outage = self._outage
        self._tell_lost(why, outage)
        while (pause := outage.next_pause()) > 0:
            if self._closed.wait(pause):
                return
            try:
                self._pictures, self._first = self._connect()
            except SourceError:
                continue
            self._since = time.monotonic()
            self._clock.origin = None  # the device may count from anew
            outage.returns += 1
            if outage.returns == 1:
                self._tell(f"{self.name}: back after {self._since - lost:.1f} s")
            return
        raise SourceError(
            f"{why}{self._given_up(outage)}; check that it runs and is connected, and start again"
        )

    def _tell_lost(self, why: str, outage: _Outage) -> None:
        if outage.left() <= 0 or outage.returns > 1:
            return
        more = f"trying again for {self._reconnect:.0f} s"
        if outage.returns:
            more = f"it comes and goes, which is said no more until it stays for {STEADY:.0f} s"
        self._tell(f"{why}; {more}")

    def _given_up(self, outage: _Outage) -> str:
        if not self._reconnect:
            return ""
        if outage.returns:
            return (
                f", came back {outage.returns} time(s) in {self._reconnect:.0f} s but did not stay"
            )
        return f" and stayed away for {self._reconnect:.0f} s"

    def close(self) -> None:
        """Release the device; a thread that is reading from it does so at its next picture."""
        self._closed.set()
        self._close_device()

    def _close_device(self) -> None:
        try:
            self._pictures.close()  # type: ignore[attr-defined]
        except ValueError:  # it is at work in another thread, which looks at `_closed`
            return


@dataclass
class _Outage:
    """From when a device is lost until it stays: pauses that grow, and an end."""

    end: float
    """Of `time.monotonic`."""
    pause: float
    """Seconds before the next attempt."""
    returns: int = 0
    """How often the device was back for a moment."""

    def left(self) -> float:
        return self.end - time.monotonic()

    def next_pause(self) -> float:
        """Seconds to wait before another attempt; none is left where that is not above 0."""
        pause, self.pause = self.pause, min(2 * self.pause, LONGEST_PAUSE)
        return min(pause, self.left())
