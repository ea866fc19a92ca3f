"""Pictures from another program, through the standard input."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bauta.checks import InputError, SourceError
from bauta.video.clock import Clock
from bauta.video.decoding import (
    GUESSED_RATE,
    Decoding,
    Upright,
    has_times,
    rate_of,
    reason,
    start_seconds,
    video_stream,
)
from bauta.video.frame import Frame, Source, Tell

if TYPE_CHECKING:
    from av.container import InputContainer

STDIN = 0
JPEG_MARK = b"\xff\xd8"
AT_ONCE = {"probesize": "32", "analyzeduration": "1", "fpsprobesize": "0"}
"""Options under which FFmpeg hands out a picture as soon as it is whole."""
LARGEST_SIDE = 16384


class Piped(Source):
    """Frames piped in: raw pictures when `size_wh` is given, else MJPEG or any container that can
    be read from front to back (Matroska, MPEG-TS, fragmented MP4, Y4M ...).

    Raw pictures follow one another without anything between, in a `pixel_format` of FFmpeg's names
    (rgb24, bgr24, gray, yuv420p, nv12, yuyv422 ...). Times: `index / rate` with a `rate` in frames
    a second, else those of the container, else the moment of arrival (raw, MJPEG).

    Can be iterated once. Raises SourceError for nothing, and after the last whole frame when what
    was piped in is cut off.
    """

    kind = "stream"

    def __init__(
        self,
        *,
        size_wh: tuple[int, int] | None = None,
        pixel_format: str = "rgb24",
        rate: float | None = None,
        threads: int = 1,
        tell: Tell | None = None,
        descriptor: int = STDIN,
    ) -> None:
        self.name = "-"
        self._rate, self._tell = rate, tell or (lambda _: None)
        self._raw = f"{size_wh[0]}x{size_wh[1]} {pixel_format}" if size_wh else ""
        pipe = _Pipe(descriptor)
        self._container = pipe.open(_raw_options(size_wh, pixel_format) if size_wh else {})
        self._stream = video_stream(self._container, self.name)
        self._stream.codec_context.thread_count = threads
        self.rate = rate or (None if self._raw else rate_of(self._stream))
        self._frames = self._read()
        self._first = next(self._frames, None)
        if self._first is None:
            raise SourceError(
                f"{self.name}: less than one picture of {self._raw} came; is --size right?"
                if self._raw
                else f"{self.name}: no picture could be decoded from what was piped in"
            )
        self.size_wh = (self._first.image.shape[1], self._first.image.shape[0])

    def __iter__(self) -> Iterator[Frame]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._frames

    def _read(self) -> Iterator[Frame]:
        decoding = Decoding(self._container, self._stream)
        timed = not self._raw and has_times(self._container)
        origin = start_seconds(self._container, self._stream) if timed else 0.0
        warn = (lambda what: self._tell(f"warning: {self.name}: {what}")) if timed else None
        clock = Clock(origin, 1 / (rate_of(self._stream) or GUESSED_RATE), warn)
        start, index, upright = None, 0, Upright()
        for picture in decoding.pictures():
            now = time.monotonic()
            start = now if start is None else start
            if picture.is_corrupt:
                decoding.note("a damaged frame")
                continue
            if self._rate:
                at = index / self._rate
            else:
                at = clock(decoding.seconds(picture) if timed else now - start)
            yield Frame(upright(picture), at, index, self.name)
            index += 1
            decoding.delivered(at)
        if self._raw and decoding.last < decoding.largest:
            raise SourceError(
                f"{self.name}: {decoding.last} bytes are left over after {index} pictures of "
                f"{self._raw}, each of {decoding.largest}; is --size right, or was the last cut "
                "off?"
            )
        if problem := decoding.problem():
            raise SourceError(
                f"{self.name}: cut off or damaged: {problem}; {index} frames were delivered"
            )


class _Pipe:
    """A file descriptor as PyAV reads it: what is there at once, without waiting for more."""

    def __init__(self, descriptor: int) -> None:
        if os.isatty(descriptor):
            raise SourceError(
                "-: nothing is piped in; write for example: ffmpeg -i INPUT -f mjpeg - | "
                "bauta track -"
            )
        if sys.platform == "win32":
            import msvcrt

            msvcrt.setmode(descriptor, os.O_BINARY)
        self._descriptor = descriptor
        self._ahead = b""

    def read(self, most: int) -> bytes:
        """Up to `most` bytes; none at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:most], self._ahead[most:]
            return data
        return os.read(self._descriptor, most)

    def open(self, raw: dict[str, str]) -> InputContainer:
        """The container in the pipe, or raw pictures; SourceError when it is neither."""
        import av
        from av.error import FFmpegError

        while len(self._ahead) < len(JPEG_MARK):
            data = os.read(self._descriptor, 1 << 16)
            if not data:
                raise SourceError("-: nothing came; does the program that pipes it in run?")
            self._ahead += data
        jpeg = self._ahead.startswith(JPEG_MARK)
        kind = "rawvideo" if raw else "mjpeg" if jpeg else None
        options = AT_ONCE | raw if kind else {}
        try:
            return av.open(self, mode="r", format=kind, options=options)
        except (FFmpegError, OSError, ValueError) as error:
            raise SourceError(
                f"-: what is piped in is not readable video: {reason(error)}; pipe in MJPEG, "
                "Matroska or MPEG-TS, or say --size for raw pictures"
            ) from error


def _raw_options(size_wh: tuple[int, int], pixel_format: str) -> dict[str, str]:
    """Options of FFmpeg's reader of raw pictures; InputError when they make no sense."""
    import av

    if not all(isinstance(side, int) and 1 <= side <= LARGEST_SIDE for side in size_wh):
        raise InputError(f"size: expected width and height of 1 to {LARGEST_SIDE}, got {size_wh}")
    try:
        av.VideoFormat(pixel_format, *size_wh)
    except ValueError as error:
        raise InputError(
            f"pixel format: unknown {pixel_format!r}; one of FFmpeg's names, such as rgb24, bgr24, "
            "gray, yuv420p, nv12, yuyv422"
        ) from error
    return {"video_size": f"{size_wh[0]}x{size_wh[1]}", "pixel_format": pixel_format}
