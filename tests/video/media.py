"""Small media made on the spot, and what to look at in them."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from bauta.checks import SourceError
from bauta.video import Frame

RED, GREEN, BLUE, WHITE = (250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 250)
TIME_BASE = Fraction(1, 10000)


def corners(height: int = 48, width: int = 64) -> np.ndarray:
    """A picture with a colour of its own in each quarter: red, green / blue, white."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = RED
    image[: height // 2, width // 2 :] = GREEN
    image[height // 2 :, : width // 2] = BLUE
    image[height // 2 :, width // 2 :] = WHITE
    return image


def noise(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def tone(seconds: float, rate: int = 16000, start: float = 0.0) -> np.ndarray:
    """A 440 Hz tone (1, n) float32 that begins at `start`; silence before."""
    time = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * time) * (time >= start)).astype(np.float32)[None]


def write_video(
    path: Path,
    images,
    times=None,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    sound: np.ndarray | None = None,
    sound_codec: str = "aac",
    options: dict[str, str] | None = None,
    encoder_options: dict[str, str] | None = None,
) -> Path:
    """Write RGB (with alpha: RGBA) images at `times` seconds, 20 a second by default."""
    times = [i / 20 for i in range(len(images))] if times is None else times
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=20, options=encoder_options or {})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if codec not in ("gif", "mpeg4"):
            stream.codec_context.time_base = TIME_BASE
        voice: Any = None if sound is None else container.add_stream(sound_codec, rate=16000)
        if voice is not None and sound is not None:
            voice.layout = "mono"
            for start in range(0, sound.shape[1], 1024):
                piece = np.ascontiguousarray(sound[:, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 16000, start
                frame.time_base = Fraction(1, 16000)
                container.mux(voice.encode(frame))
            container.mux(voice.encode(None))
        for image, time in zip(images, times, strict=True):
            layout = "rgba" if image.shape[2] == 4 else "rgb24"
            frame = av.VideoFrame.from_ndarray(image, format=layout)
            base = stream.codec_context.time_base or Fraction(1, 20)
            frame.pts, frame.time_base = round(time / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_sound(path: Path) -> tuple[np.ndarray, float, int]:
    """The samples of the first channel, the time of the first, and the rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().astype(np.float64)[0] for frame in frames])
    return samples, float(frames[0].time or 0.0), frames[0].sample_rate


def sound_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def png(width, height, depth, kind, rows, extra=b"") -> bytes:
    """A PNG by hand: `rows` of packed samples, `extra` chunks before the data."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    head = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    return head + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif(orientation: int, order: str = "<") -> bytes:
    """A TIFF block that holds the orientation and nothing else."""
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(f"{order}HHIHH", 274, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)


# Top left, top right, bottom left, bottom right of `corners` once shown.
SHOWN = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}


def corner_colours(image: np.ndarray) -> np.ndarray:
    return image[[4, 4, -5, -5], [4, -5, 4, -5]].astype(int)


def delivered(source) -> tuple[list[Frame], str]:
    """All frames, and the error after them."""
    frames = []
    try:
        for frame in source:
            frames.append(frame)
    except SourceError as error:
        return frames, str(error)
    return frames, ""
