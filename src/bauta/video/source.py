"""Opens anything that delivers pictures."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bauta.checks import InputError, SourceError
from bauta.video import pictures
from bauta.video.camera import Camera
from bauta.video.files import VideoFile
from bauta.video.frame import Frame, Source

__all__ = ["Frame", "Source", "open_video"]


def open_video(
    source: str | os.PathLike[str] | int, *, rate: float = 25.0, threads: int = 1
) -> Source:
    """Open a video, a picture, a folder or pattern of pictures, or a webcam.

        with bauta.open_video("clip.mp4") as video:
            for frame in video:
                frame.image, frame.time  # (H, W, 3) uint8 RGB; seconds

    `source` is a file, a folder, a pattern such as `shots/*.jpg`, or a webcam's number (also as
    text: "0"). What exists under that very name wins over a pattern or a number. Files that end
    like pictures are read as pictures, all others as video.

    `rate` places the pictures of a folder or pattern in time, in pictures per second; nothing else
    uses it. `threads` limits the threads of a video's decoder; 0 takes as many as there are cores.

    Raises SourceError when there is nothing to read, InputError for a source of another type.
    """
    if not math.isfinite(rate) or rate <= 0:
        raise InputError(f"rate: expected pictures per second above 0, got {rate}")
    if threads < 0:
        raise InputError(f"threads: expected 0 (all cores) or more, got {threads}")
    if isinstance(source, int) and not isinstance(source, bool):
        return _camera(source)
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(
            f"source: expected a path, a pattern or a webcam's number, got {type(source).__name__}"
        )
    name = os.fsdecode(source)
    if os.path.exists(name):
        return _existing(name, rate, threads)
    if name.isascii() and name.isdecimal():
        return _camera(int(name))
    if any(mark in name for mark in "*?["):
        return pictures.Pictures(name, pictures.pictures_matching(name), rate)
    raise SourceError(f"{name or 'source'}: no such file or folder; check the name")


def _camera(index: int) -> Camera:
    if index < 0:
        raise InputError(f"source: expected a webcam's number from 0 on, got {index}")
    return Camera(index)


def _existing(name: str, rate: float, threads: int) -> Source:
    path = Path(name)
    if path.is_dir():
        return pictures.Pictures(name, pictures.pictures_in(path), rate)
    if not path.is_file():
        raise SourceError(f"{name}: not a regular file; give a video, a picture or a folder")
    if path.suffix.lower() in pictures.SUFFIXES:
        return pictures.Pictures(name, [path], rate)
    return VideoFile(path, threads)
