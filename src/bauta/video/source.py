"""Opens anything that delivers pictures."""

from __future__ import annotations

import glob
import math
import os
from contextlib import suppress
from pathlib import Path

from bauta.checks import InputError, SourceError
from bauta.video import pictures
from bauta.video.camera import Camera
from bauta.video.files import VideoFile
from bauta.video.frame import Frame, Source, Tell
from bauta.video.live import Live
from bauta.video.network import SCHEMES, Stream, WebFile, has_end, is_address
from bauta.video.piped import Piped
from bauta.video.retry import RECONNECT

__all__ = ["Frame", "Source", "is_live", "open_video", "videos_of"]

PIPED = "-"
PICTURE_RATE = 25.0
VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".flv", ".mpg", ".mpeg", ".ts"),
    *(".mts", ".m2ts", ".3gp", ".ogv", ".gif", ".mxf", ".y4m"),
)
"""File names that are looked for in a folder of videos; one that is named is opened whatever its
own name ends in."""


def open_video(
    source: str | os.PathLike[str] | int,
    *,
    rate: float | None = None,
    threads: int = 1,
    live: bool | None = None,
    size_wh: tuple[int, int] | None = None,
    pixel_format: str = "rgb24",
    reconnect: float = RECONNECT,
    tell: Tell | None = None,
) -> Source:
    """Open a video, a picture, a folder or pattern of pictures, a webcam, an address or a pipe.

        with bauta.open_video("clip.mp4") as video:
            for frame in video:
                frame.image, frame.time  # (H, W, 3) uint8 RGB; seconds

    `source` is a file, a folder, a pattern such as `shots/*.jpg`, a webcam's number (also as text:
    "0"), an address (`rtsp://...`, `http://...`) or "-", what is piped in. What exists under that
    very name wins over a pattern or a number. Files that end like pictures are read as pictures,
    all others as video.

    `rate` places the pictures of a folder or pattern (25 a second), and what is piped in without
    times, in time; nothing else uses it. `threads` limits the threads of a video's decoder; 0 takes
    as many as there are cores. `size_wh` and `pixel_format` describe raw pictures piped in.

    With `live`, frames that there is no time for are dropped, so that the next one is always the
    newest; without, every frame comes. By default webcams and addresses without an end are live.
    These two are opened again when they vanish, for `reconnect` seconds. `tell` is called with a
    sentence when that happens, and when the times in a container stand still or jump ahead.

    Raises SourceError when there is nothing to read, InputError for a source of another type and
    for options that do not fit it.
    """
    if rate is not None and (not math.isfinite(rate) or rate <= 0):
        raise InputError(f"rate: expected pictures per second above 0, got {rate}")
    if threads < 0:
        raise InputError(f"threads: expected 0 (all cores) or more, got {threads}")
    if not math.isfinite(reconnect) or reconnect < 0:
        raise InputError(f"reconnect: expected seconds, 0 for never, got {reconnect}")
    name = _name(source)
    if size_wh is not None and name != PIPED:
        raise InputError("size: is said of raw pictures piped in (-) only; leave it out")
    if name == PIPED:
        piped = Piped(
            size_wh=size_wh, pixel_format=pixel_format, rate=rate, threads=threads, tell=tell
        )
        return Live(piped) if live else piped
    if not is_live(name):
        if live:
            raise InputError(f"live: {name} is a file, which waits; leave it out")
        return _file(name, rate or PICTURE_RATE, threads, tell)
    if not is_address(name):
        opened = Camera(int(name), reconnect=reconnect, tell=tell)
    elif name.lower().startswith("http") and has_end(name):
        return WebFile(name, threads, tell)
    else:
        opened = Stream(name, threads=threads, reconnect=reconnect, tell=tell)
    return opened if live is False else Live(opened)


def is_live(source: str) -> bool:
    """Say whether a name means something that goes on by itself: a webcam, an address, a pipe."""
    if os.path.exists(source):
        return False
    return source == PIPED or (source.isascii() and source.isdecimal()) or is_address(source)


def videos_of(source: str) -> list[str]:
    """The videos that a source stands for, in natural order: those of a folder without pictures, or
    of a pattern that names no picture. Anything else is its own and only one; InputError for an
    empty name."""
    path, found = Path(_name(source)), []
    if path.is_dir():
        with suppress(OSError):  # said when it is opened
            found = [str(entry) for entry in path.iterdir() if not entry.name.startswith(".")]
    elif not os.path.exists(source) and not is_live(source) and any(m in source for m in "*?["):
        found = glob.glob(source, recursive=True)
    else:
        return [source]
    endings = [Path(name).suffix.lower() for name in found]
    if any(ending in pictures.SUFFIXES for ending in endings):
        return [source]
    pairs = zip(found, endings, strict=True)
    videos = [name for name, ending in pairs if ending in VIDEO_SUFFIXES and os.path.isfile(name)]
    return sorted(videos, key=pictures.natural_key) or [source]


def _name(source: object) -> str:
    """The source as text."""
    if isinstance(source, int) and not isinstance(source, bool):
        if source < 0:
            raise InputError(f"source: expected a webcam's number from 0 on, got {source}")
        return str(source)
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(
            "source: expected a path, a pattern, an address, - or a webcam's number, "
            f"got {type(source).__name__}"
        )
    if not (name := os.fsdecode(source)):
        raise InputError("source: an empty name (a variable that is not set?); name what to read")
    return name


def _file(name: str, rate: float, threads: int, tell: Tell | None) -> Source:
    if (videos := videos_of(name)) != [name]:
        raise SourceError(
            f"{name}: stands for {len(videos)} video(s); open one at a time, such as {videos[0]}"
        )
    if os.path.exists(name):
        return _existing(name, rate, threads, tell)
    if "://" in name:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise SourceError(f"{name}: not an address that can be read; they begin with {known}")
    if any(mark in name for mark in "*?["):
        return pictures.Pictures(name, pictures.pictures_matching(name), rate)
    raise SourceError(f"{name}: no such file or folder; check the name")


def _existing(name: str, rate: float, threads: int, tell: Tell | None) -> Source:
    path = Path(name)
    if path.is_dir():
        return pictures.Pictures(name, pictures.pictures_in(path), rate)
    if not path.is_file():
        raise SourceError(f"{name}: not a regular file; give a video, a picture or a folder")
    if path.suffix.lower() in pictures.SUFFIXES:
        return pictures.Pictures(name, [path], rate)
    return VideoFile(path, threads, tell)
