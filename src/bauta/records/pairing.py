"""Pictures of a clip beside what was tracked in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bauta.checks import InputError
from bauta.records.format import TrackedFrame
from bauta.records.reader import Tracks
from bauta.types import FaceState
from bauta.video.frame import Frame, Source

NEAR = 0.002
"""Seconds by which the times of one frame may differ: containers round them to a millisecond."""


def paired(source: Source, tracks: Tracks) -> Iterator[tuple[Frame, list[FaceState]]]:
    """Frames of `source` with their faces, as far as the tracks go.

    A frame belongs to the record of its time, a picture to the one of its name. Frames that the
    tracks left out have no faces. InputError when a record has no frame: the tracks are of another
    clip; what was delivered before is right. Memory is that of one frame.
    """
    _check_size(source, tracks)
    records = iter(tracks)
    record = next(records, None)
    if record is None:
        raise InputError(f"{tracks.path}: has no frames; track the clip first")
    frame = None
    for frame in source:
        _check_not_passed(record, frame, tracks)
        if not _belongs(record, frame):
            yield frame, []
            continue
        yield frame, record.faces
        record = next(records, None)
        if record is None:
            return
    end = "has no frames" if frame is None else f"ends at {frame.time:.3f} s"
    raise InputError(
        f"{tracks.path}: goes on to {record.time:.3f} s, but {source.name} {end}; "
        "the clip was cut, or these are the tracks of another one"
    )


def _check_size(source: Source, tracks: Tracks) -> None:
    want, got = tracks.header.size, source.size_wh
    if want and got and tuple(want) != tuple(got):
        raise InputError(
            f"{tracks.path}: tracks of pictures of {want[0]} x {want[1]}, but {source.name} has "
            f"{got[0]} x {got[1]}; give the clip that was tracked"
        )


def _belongs(record: TrackedFrame, frame: Frame) -> bool:
    if record.name:
        return record.name == Path(frame.name).name
    return abs(record.time - frame.time) <= NEAR


def _check_not_passed(record: TrackedFrame, frame: Frame, tracks: Tracks) -> None:
    """InputError when the frame of `record` can no longer come."""
    if record.name:
        if not _belongs(record, frame):
            raise InputError(
                f"{tracks.path}: the next record is of {record.name}, the next picture is "
                f"{Path(frame.name).name}; give the pictures that were tracked, all of them"
            )
    elif record.time < frame.time - NEAR:
        raise InputError(
            f"{tracks.path}: frame {record.index} is at {record.time:.3f} s, where {frame.name} "
            f"has none (the next is at {frame.time:.3f} s); these are the tracks of another clip"
        )
