"""Video files through PyAV: true presentation times, upright pictures, cuts reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bauta.checks import SourceError
from bauta.video.clock import Clock
from bauta.video.decoding import (
    GUESSED_RATE,
    Decoding,
    Upright,
    rate_of,
    reason,
    start_seconds,
    unreadable,
    video_stream,
)
from bauta.video.frame import Frame, Source, Tell

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

LOCAL = "file,crypto,data"
"""Protocols that a file may refer to: a playlist on disk must not reach for the network."""


class VideoFile(Source):
    """The frames of the best video stream of a file.

    Times are presentation times minus the container's own start; `tell` hears of odd ones, each
    time the file is read. Rotation and mirroring that the
    container asks for are applied, alpha is composited over white, any pixel format becomes 8-bit
    RGB. A frame may differ in size from the one before it.

    Opening decodes the first frame, so that a file without one is refused at once. Packets that
    cannot be decoded and frames that the decoder marks as damaged are left out (before the first
    good frame silently: a recording may start midway); the rest is delivered, then SourceError
    says where it broke. The same for a file that ends before the length its header promises.
    """

    kind = "video"

    def __init__(self, path: Path | str, threads: int = 1, tell: Tell | None = None) -> None:
        self.name = str(path)
        self.threads = threads
        self._tell = tell or (lambda _: None)
        with self._open() as container:
            stream = video_stream(container, self.name)
            self.rate = rate_of(stream)
            self.duration = _promised_seconds(container, stream)
            self.frames = stream.frames or None
        if self.frames is None and self.duration and self.rate:
            self.frames = round(self.duration * self.rate)
        first = next(iter(self), None)
        if first is None:
            raise SourceError(
                f"{self.name}: no frame could be decoded; get a whole copy of the file"
            )
        self.size_wh = (first.image.shape[1], first.image.shape[0])

    def _open(self) -> InputContainer:
        return open_container(Path(self.name))

    def _warn(self, what: str) -> None:
        self._tell(f"warning: {self.name}: {what}")

    def __iter__(self) -> Iterator[Frame]:
        with self._open() as container:
            stream = video_stream(container, self.name)
            stream.codec_context.thread_count = self.threads
            if self.threads != 1:
                stream.codec_context.thread_type = "AUTO"
            reading = Decoding(container, stream)
            step = 1 / (self.rate or GUESSED_RATE)
            clock = Clock(start_seconds(container, stream), step, self._warn)
            index, upright = 0, Upright()
            for picture in reading.pictures():
                time = clock(reading.seconds(picture))
                if picture.is_corrupt:
                    reading.note("a damaged frame")
                    continue
                yield Frame(upright(picture), time, index, self.name)
                index += 1
                reading.delivered(time)
            problem = reading.problem()
        if problem:
            raise SourceError(
                f"{self.name}: cut off or damaged: {problem}; "
                f"{index} frames were delivered, the last at {reading.time or 0.0:.3f} s; "
                "get a whole copy of the file to have the rest"
            )


def open_container(path: Path) -> InputContainer:
    """Open a file for reading; SourceError with what to do when it cannot be."""
    import av
    from av.error import FFmpegError, InvalidDataError

    try:
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: is empty; get a whole copy of the file")
        # "file:" keeps a colon in a name from being taken for a protocol.
        # From av 19 on, tags that are not UTF-8 are no error and the argument is gone
        before_19 = int(av.__version__.split(".")[0]) < 19
        tags: dict[str, Any] = {"metadata_errors": "replace"} if before_19 else {}
        return av.open(f"file:{path}", options={"protocol_whitelist": LOCAL}, **tags)
    except InvalidDataError as error:
        raise unreadable(path) from error
    except (FFmpegError, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: cannot be opened: {reason(error)}") from error


def _promised_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None
