"""Decoding with PyAV: one pass over a container, and upright RGB from what it holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bauta.checks import SourceError
from bauta.video.pixels import over_white, turn

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

GUESSED_RATE = 25.0
ATTACHED_PICTURE = 1024  # AV_DISPOSITION_ATTACHED_PIC: the cover of a song
# Formats whose header promises a length; others grow until they end, and cannot look cut off.
PROMISING = frozenset({"mov", "matroska", "avi", "flv", "asf"})


class Decoding:
    """One pass over a container: decodes, and remembers what went wrong."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.container = container
        self.stream = stream
        self.time: float | None = None
        self.faults = 0
        self.first_fault = ""
        self.end_video = self.end_any = float("-inf")
        self.largest = self.last = 0
        """Bytes of packets of the stream."""

    def seconds(self, picture: VideoFrame) -> float | None:
        """Return the container's time of a frame; its own is wrong once the decoder is drained."""
        if picture.pts is None or not self.stream.time_base:
            return None
        return float(picture.pts * self.stream.time_base)

    def delivered(self, time: float) -> None:
        """Remember that the frame of this time was good."""
        self.time = time

    def note(self, what: str) -> None:
        """Count a fault, unless no good frame came yet."""
        if self.time is None:
            return
        self.faults += 1
        self.first_fault = self.first_fault or f"{what} after {self.time:.3f} s"

    def pictures(self) -> Iterator[VideoFrame]:
        """Yield decoded frames; faults are noted, not raised."""
        for pictures in self.by_packet():
            yield from pictures

    def by_packet(self) -> Iterator[list[VideoFrame]]:
        """Yield what came out of each packet of the container, often nothing; faults are noted."""
        from av.error import FFmpegError

        packets = self.container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except (FFmpegError, OSError) as error:
                self.note(f"{reason(error)} while reading")
                break
            if packet.size == 0:  # the flush marks at the end
                yield []
                continue
            ours = packet.stream_index == self.stream.index
            if packet.pts is not None and packet.time_base:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                self.end_any = max(self.end_any, end)
                self.end_video = max(self.end_video, end) if ours else self.end_video
            if ours:
                self.last, self.largest = packet.size, max(self.largest, packet.size)
            yield self._decode(packet) if ours else []
        yield self._decode(None)

    def _decode(self, packet) -> list[VideoFrame]:
        from av.error import FFmpegError

        try:
            return self.stream.decode(packet)
        except FFmpegError as error:
            if packet is not None:
                self.note(f"{reason(error)} while decoding")
            return []

    def problem(self) -> str:
        """Say what was wrong with the pass, or nothing."""
        if self.faults:
            more = f" and {self.faults - 1} more" if self.faults > 1 else ""
            return self.first_fault + more
        missing = self._missing_seconds()
        if missing > 0:
            return f"it ends {missing:.2f} s before the length that its header promises"
        return ""

    def _missing_seconds(self) -> float:
        """Seconds promised by the header but not read; 0 within a tolerance.

        A media stream may promise more than an edited file shows, and a file more than its video
        (longer sound): the video is short only when it is shorter than both.
        """
        container, stream = self.container, self.stream
        names = set(container.format.name.split(","))
        if not names & PROMISING or self.end_any == float("-inf"):
            return 0.0
        step = 1 / (rate_of(stream) or GUESSED_RATE)
        stream_start = float((stream.start_time or 0) * (stream.time_base or 0))
        if "avi" in names:  # its durations are corrected to what is there, its frame count is not
            return _beyond(stream_start + stream.frames * step - self.end_video, 0.5, step)
        if container.duration is None:
            return 0.0
        file_end = ((container.start_time or 0) + container.duration) / 1e6
        if not stream.duration or not stream.time_base:
            return _beyond(file_end - self.end_any, 0.5, step)
        video_end = stream_start + float(stream.duration * stream.time_base)
        return _beyond(min(video_end, file_end) - self.end_video, 0.5, step)


def video_stream(container: InputContainer, name: str | Path) -> VideoStream:
    """Return the stream to read: the best one that is not a cover picture."""
    streams = [
        stream
        for stream in container.streams.video
        if not int(getattr(stream, "disposition", 0)) & ATTACHED_PICTURE
    ]
    if not len(container.streams):
        raise unreadable(name)
    if not streams:
        raise SourceError(f"{name}: has no video stream, only sound or data; give a video")
    best = container.streams.best("video")
    chosen = next((stream for stream in streams if stream is best), streams[0])
    if chosen.codec_context is None:
        raise SourceError(f"{name}: no decoder for its video; convert it to H.264")
    return chosen


def start_seconds(container: InputContainer, stream: VideoStream | None = None) -> float | None:
    """Return the container's start in seconds, None when it has no times.

    Containers round their start to microseconds; a stream that starts there is exact.
    """
    if container.start_time is None:
        return None
    start = container.start_time / 1e6
    if stream is not None and stream.start_time is not None and stream.time_base:
        exact = float(stream.start_time * stream.time_base)
        if abs(exact - start) < 2e-6:
            return exact
    return start


class Upright:
    """Turns the decoded frames of one pass into (H, W, 3) uint8 RGB, upright, over white where
    transparent.

    How frames are turned is looked up in full when their rotation changes only: PyAV ties each
    frame whose side data is looked at into a cycle, and its picture stays in memory until Python's
    collector comes by, hundreds of frames later.
    """

    def __init__(self) -> None:
        self._rotation: float | None = None
        self._matrix: tuple[float, float, float, float] | None = None

    def __call__(self, picture: VideoFrame) -> np.ndarray:
        layout = picture.format
        if layout.has_palette or any(part.is_alpha for part in layout.components):
            rgba = picture.to_ndarray(format="rgba")
            image = over_white(rgba[..., :3], rgba[..., 3])
        else:
            image = picture.to_ndarray(format="rgb24")
        if (rotation := _rotation(picture)) != self._rotation:
            self._rotation, self._matrix = rotation, _display_matrix(picture)
        return image if self._matrix is None else turn(image, self._matrix)


def _rotation(picture: VideoFrame) -> float:
    """Degrees counterclockwise; mirroring is not in them."""
    return getattr(picture, "rotation", 0.0)


def _display_matrix(picture: VideoFrame) -> tuple[float, float, float, float] | None:
    try:
        side = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:  # beside it lies something that PyAV has no name for
        angle = math.radians(_rotation(picture))
        return math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle)
    if side is None:
        return None
    a, b, _, c, d, *_ = np.frombuffer(bytes(side), np.int32).tolist()
    return a, b, c, d


def unreadable(name: str | Path) -> SourceError:
    """Return the error for what is no video at all."""
    return SourceError(
        f"{name}: not a readable video (another kind of file, or cut off before its index); "
        "check that it plays, or get a whole copy"
    )


def has_times(container: InputContainer) -> bool:
    """Say whether pictures carry times, which FFmpeg else makes up at 25 a second."""
    from av.format import Flags

    return not container.format.flags & Flags.no_timestamps.value


def rate_of(stream: VideoStream) -> float | None:
    """Return nominal frames a second, None when nobody says."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else None


def _beyond(missing: float, tolerance: float, step: float) -> float:
    """Return the missing seconds, or 0 below half a second or three frames: headers round."""
    return missing if missing > max(tolerance, 3 * step) else 0.0


def reason(error: Exception) -> str:
    """Return what went wrong, in a few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
