"""Writes frames as they come: an H.264 video or numbered PNG files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from bauta.checks import InputError, SinkError, check_image
from bauta.video.audio import AudioTrack
from bauta.video.fragments import check_end, cut_to_whole
from bauta.video.output import atomic_write, check_output, make_folder, sink_error
from bauta.video.pixels import fit, pad_to_even, to_yuv420

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer
    from av.video.stream import VideoStream

TICKS = 90000
TIME_BASE = Fraction(1, TICKS)
SUFFIXES = (".mp4", ".m4v")
# In order of preference; only libx264 is in every PyAV wheel, the others are what some builds have.
ENCODERS = ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf")
# Superfast, but for its blindness to what later frames reuse: as small and as good as veryfast, in
# 0.6 of its time (docs/sources.md).
X264 = {"preset": "superfast", "bf": "0", "x264-params": "mbtree=1:rc-lookahead=10"}
KEYFRAME_EVERY = 50
NOMINAL_RATE = 25
# Fragments of at most a second: what is on disk plays without the end of the file.
CONTAINER_OPTIONS = {
    "movflags": "frag_keyframe+delay_moov+default_base_moof",
    "frag_duration": "1000000",
    "flush_packets": "1",
    "max_interleave_delta": "500000",
}
BT601 = 6  # what RGB is converted with, and said in the file
LIMITED_RANGE = 1


class VideoSink:
    """An H.264 mp4 (yuv420p) that is playable at any moment, also after a crash.

        with VideoSink("out.mp4", audio_from="clip.mp4") as sink:
            sink.write(image, frame.time)  # (H, W, 3) uint8 RGB; seconds, increasing

    Written in place under its final name as fragments of at most a second, so an interruption
    loses the last second or two and nothing else. The first time written becomes 0 and all
    distances between times are kept (1/90000 s). Odd sides are padded by repeating the last row or
    column; the first frame decides the size, and a later one of another size is scaled to fit on
    black. A sink that was given no frame leaves no file.

    `audio_from` names the file whose sound goes along, trimmed to the frames written: copied where
    an mp4 can hold it, else encoded to AAC. `audio` says which, and `warnings` what was left out.
    `crf` is x264's quality, 0 (lossless) to 51. `threads` limits the encoder's.

    Raises SinkError when the file exists (without `force`), cannot be written or the disk is full,
    InputError for images, times and options that cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        force: bool = False,
        audio_from: str | os.PathLike[str] | None = None,
        crf: int = 20,
        threads: int = 1,
    ) -> None:
        if not 0 <= crf <= 51:
            raise InputError(f"crf: expected 0 (lossless) to 51 (worst), got {crf}")
        if Path(path).suffix.lower() not in SUFFIXES:
            raise InputError(f"{path}: expected a name ending in .mp4, the format written here")
        self.path = check_output(path, force)
        self.frames = 0
        self._audio_from = None if audio_from is None else Path(audio_from)
        self._crf, self._threads = crf, threads
        self._container: OutputContainer | None = None
        self._sound: AudioTrack | None = None
        self._held: Packet | None = None
        self._origin = self._last = 0.0
        self._last_ticks = -1
        self._step = TICKS // NOMINAL_RATE  # how long the last picture shows
        self._closed = False
        self._refuse_own_source()
        self._made = not os.path.exists(self.path)
        with self._reporting():
            open(self.path, "ab").close()  # fails now rather than after the first frame

    @property
    def audio(self) -> str:
        """What became of the sound: "none", "copied" or "encoded"."""
        return self._sound.kind if self._sound else "none"

    @property
    def warnings(self) -> list[str]:
        """What could not be carried over."""
        return [self._sound.warning] if self._sound and self._sound.warning else []

    def write(self, image: np.ndarray, time: float) -> None:
        """Append an RGB image (H, W, 3) uint8, shown from `time` seconds on."""
        check_image(image)
        if self._closed:
            raise SinkError(f"{self.path}: is closed; open a new one to write more")
        if not math.isfinite(time) or (self.frames and time <= self._last):
            after = f" after {self._last}" if self.frames else ""
            raise InputError(f"time: expected finite, increasing seconds{after}, got {time}")
        with self._reporting():
            if self._container is None:
                self._start(pad_to_even(image), (image.shape[1], image.shape[0]), time)
            ticks = max(round((time - self._origin) * TICKS), self._last_ticks + 1)
            self._encode(pad_to_even(fit(image, self._content_wh)), ticks)
            self._mux_sound(time - self._origin)
        self._last, self._last_ticks = time, ticks
        self.frames += 1

    def close(self) -> None:
        """Write what the encoder still holds; done by `with` as well. More calls do nothing."""
        if self._closed:
            return
        self._closed = True
        if self._container is None:
            self._discard()
            return
        with self._reporting():
            self._hold(self._stream.encode(None))
            if self._held is not None:
                self._held.duration = self._step
                self._mux(self._held)
            self._mux_sound((self._last_ticks + self._step) / TICKS)
            self._container.close()
            check_end(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _refuse_own_source(self) -> None:
        source = self._audio_from
        if source is None or not os.path.exists(source) or not os.path.exists(self.path):
            return
        if os.path.samefile(source, self.path):
            raise SinkError(f"{self.path}: is the source itself; name another output")

    def _discard(self) -> None:
        """Remove a file of our making that got no frame."""
        if self._made and not self.frames:
            with suppress(OSError):
                self.path.unlink()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a failed write into SinkError and give up on the file, which stays playable."""
        from av.error import FFmpegError

        try:
            yield
        except (FFmpegError, OSError) as error:
            self._closed = True
            if self._container is not None:
                with suppress(FFmpegError, OSError):
                    self._container.close()
                with suppress(OSError):
                    cut_to_whole(self.path)
            self._discard()
            if isinstance(error, SinkError):
                raise
            raise sink_error(self.path, error) from error

    def _start(self, image: np.ndarray, content_wh: tuple[int, int], time: float) -> None:
        """Open the container for padded pictures like `image`, with the sound beside them."""
        import av

        self._content_wh, self._origin = content_wh, time
        # "file:" keeps a colon in a name from being taken for a protocol.
        self._container = av.open(
            f"file:{self.path}", "w", format="mp4", options=dict(CONTAINER_OPTIONS)
        )
        self._stream = _add_video(self._container, image.shape[1], image.shape[0], self._crf)
        self._stream.codec_context.thread_count = self._threads
        if self._audio_from is not None:
            self._sound = AudioTrack(self._audio_from, self._container, time)

    def _encode(self, image: np.ndarray, ticks: int) -> None:
        import av

        frame = av.VideoFrame.from_ndarray(to_yuv420(image), format="yuv420p")
        frame.pts, frame.time_base = ticks, TIME_BASE
        self._hold(self._stream.encode(frame))

    def _hold(self, packets: list[Packet]) -> None:
        """Write packets one late: how long a picture shows is known when the next one comes."""
        for packet in packets:
            ready, self._held = self._held, packet  # an interrupt may lose it, never write it twice
            if ready is not None:
                self._step = ready.duration = (packet.pts or 0) - (ready.pts or 0)
                self._mux(ready)

    def _mux_sound(self, seconds: float) -> None:
        if self._sound is not None:
            for packet in self._sound.until(seconds):
                self._mux(packet)

    def _mux(self, packet: Packet) -> None:
        if self._container is not None:
            self._container.mux(packet)


class PngSink:
    """A folder of frame_000000.png, frame_000001.png ..., each written whole or not at all.

    A folder that holds anything is refused without `force`; with it, the frames of an earlier run
    are removed and other files stay. `source_folder` is where the pictures come from: it is never
    written to. Raises SinkError when a file cannot be written.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        force: bool = False,
        source_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.frames = 0
        if source_folder is not None and self.folder.resolve() == Path(source_folder).resolve():
            raise SinkError(f"{self.folder}: holds the pictures that are read; name another folder")
        if os.path.exists(self.folder) and not os.path.isdir(self.folder):
            raise SinkError(f"{self.folder}: is a file; name a folder for the frames")
        make_folder(self.folder)
        try:
            if not force and any(self.folder.iterdir()):
                raise SinkError(
                    f"{self.folder}: is not empty; pass --force to replace its frames "
                    "or name another folder"
                )
            for old in self.folder.glob("frame_[0-9]*.png"):
                old.unlink()
        except SinkError:
            raise
        except OSError as error:
            raise sink_error(self.folder, error) from error

    def write(self, image: np.ndarray, name: str = "") -> None:
        """Write an RGB image (H, W, 3) uint8 as frame_000000_name.png, counted from 0."""
        import cv2

        check_image(image)
        encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
        file = f"frame_{self.frames:06d}{f'_{name}' if name else ''}.png"
        atomic_write(self.folder / file, encoded.tobytes())
        self.frames += 1

    def close(self) -> None:
        """Nothing is held back: every frame is on disk when `write` returns."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _add_video(container: OutputContainer, width: int, height: int, crf: int) -> VideoStream:
    """Add an H.264 stream of the first encoder that this build of PyAV has."""
    for name in ENCODERS:
        best = name == "libx264"
        options = {"crf": str(crf)} | X264 if best else {}
        try:
            stream = container.add_stream(name, rate=NOMINAL_RATE, options=options)
        except ValueError:  # not in this build
            continue
        if not best:
            stream.bit_rate = max(500_000, 4 * width * height)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        stream.gop_size = KEYFRAME_EVERY
        stream.codec_context.colorspace = BT601
        stream.codec_context.color_range = LIMITED_RANGE
        return stream
    raise SinkError(
        f"no H.264 encoder in this build of PyAV (looked for {', '.join(ENCODERS)}); "
        "install the wheel from PyPI, or write PNG frames"
    )
