"""From a source to files: the loop behind `bauta track` and `bauta demo`.

Reading, tracking and each sink have a thread of their own, with short queues between them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bauta.checks import InputError
from bauta.offline import Late, LookAhead
from bauta.overlap import Ahead, Behind
from bauta.tracker import Tracker
from bauta.types import FaceState
from bauta.video.frame import Frame, Source

RECENT = 20_000
"""Frames, ten minutes or so, that times are kept of: a webcam may run for days."""


class Sink(Protocol):
    """Whatever takes a tracked frame."""

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        """Called once a frame, in order, in a thread that belongs to this sink; `milliseconds` of
        tracking, None where nothing was tracked."""
        ...


@dataclass
class Summary:
    """What a run did. `milliseconds` of tracking alone, without decoding, drawing and writing, of
    the latest frames."""

    frames: int = 0
    with_face: int = 0
    fitted: int = 0
    """Frames with a face that has a head."""
    lost: int = 0
    """Frames with a mesh, none of which a head explains, or where none was asked for."""
    headless: int = 0
    """Stills that the camera cannot have taken, and why not the first of them."""
    mismatch: InputError | None = None
    ids: set[int] = field(default_factory=set)
    milliseconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def add(self, faces: list[FaceState], milliseconds: float) -> None:
        """Count a frame."""
        self.frames += 1
        self.with_face += bool(faces)
        self.ids |= {face.id for face in faces}
        self.milliseconds.append(milliseconds)

    def add_still(self, mismatch: InputError | None) -> None:
        """Count a picture that the camera may not have taken."""
        self.headless += mismatch is not None
        self.mismatch = self.mismatch or mismatch

    def deliver(self, faces: list[FaceState]) -> None:
        """Count the heads of a frame, which come later than its faces with a look ahead."""
        fitted = any(face.fit is not None for face in faces)
        self.fitted += fitted
        self.lost += not fitted and any(len(face.mesh) for face in faces)

    def percentile(self, q: float) -> float:
        """Milliseconds of tracking; NaN before the first frame."""
        return float(np.percentile(self.milliseconds, q)) if self.milliseconds else float("nan")


def track(
    frames: Iterable[Frame],
    tracker: Tracker,
    sinks: list[Sink],
    *,
    stills: bool = False,
    summary: Summary | None = None,
    after: Callable[[Summary], None] | None = None,
    stop: threading.Event | None = None,
    ahead: LookAhead | None = None,
) -> Summary:
    """Track every frame and hand it to every sink.

    With `stills` each frame is a picture on its own: the tracker forgets in between, and fits no
    head where the camera cannot have taken the picture. `summary` is filled as frames come, so that
    it is true when an error ends the loop; `after` is called once a frame; `stop` ends the loop
    from another thread; `ahead` smooths what the tracker found, some frames late. When this returns
    or raises, every frame that was tracked has been through every sink that did not fail.
    """
    summary = summary or Summary()
    with ExitStack() as stack:
        writes = [stack.enter_context(Behind(sink.write)) for sink in sinks]

        def deliver(ready: list[tuple[Frame, list[FaceState], float]]) -> None:
            for one in ready:
                summary.deliver(one[1])
                for write in writes:
                    write(*one)

        if ahead is not None:
            stack.callback(lambda: deliver(ahead.flush()))
        live = isinstance(frames, Source) and frames.live  # has a thread already
        for frame in frames if live else stack.enter_context(Ahead(frames)):
            if stop is not None and stop.is_set():
                break
            if stills:
                height, width = frame.image.shape[:2]
                summary.add_still(tracker.begin_still(width, height))
            started = time.perf_counter()
            faces = tracker(frame)
            milliseconds = (time.perf_counter() - started) * 1000
            if ahead is None:
                deliver([(frame, faces, milliseconds)])
            else:
                deliver(ahead.push(Late(frame, milliseconds, tracker.raw())))
            summary.add(faces, milliseconds)
            if after:
                after(summary)
    return summary
