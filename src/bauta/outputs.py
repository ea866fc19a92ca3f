"""The files that `bauta track` leaves, by the names of `--save`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bauta import records
from bauta.checks import InputError, check_choice
from bauta.overlap import Behind
from bauta.pipeline import Sink
from bauta.render.layers import STANDARD, layers
from bauta.render.overlay import Overlay
from bauta.types import FaceState
from bauta.video.frame import Frame, Source
from bauta.video.output import check_output
from bauta.video.sink import PngSink, VideoSink

KINDS = ("video", "jsonl", "csv", "npz", "png")


@dataclass(frozen=True)
class Drawn:
    """Draws the overlay and hands the picture on, to every sink of pictures."""

    overlay: Overlay
    sinks: Sequence[VideoSink | PngSink]
    by_name: bool = False
    """PNG frames are named after the pictures they show."""
    writes: Sequence[Callable[..., None]] = ()
    """`write` of each sink, in a thread of its own: the next frame is drawn meanwhile."""

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float) -> None:
        """Draw one frame."""
        picture = self.overlay(frame.image, faces, milliseconds)
        for sink, write in zip(self.sinks, self.writes, strict=True):
            write(picture, self.named(frame) if isinstance(sink, PngSink) else frame.time)

    def named(self, frame: Frame) -> str:
        """Name for a PNG: that of the picture it shows; none for the frames of a video."""
        return Path(frame.name).stem if self.by_name else ""


@dataclass(frozen=True)
class Recorded:
    """Hands faces to a writer of records; `by_name`: with the file of each picture."""

    writer: records.JsonlWriter | records.CsvWriter | records.NpzWriter
    by_name: bool = False

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float) -> None:
        """Record one frame."""
        if isinstance(self.writer, records.JsonlWriter) and self.by_name:
            self.writer.write(frame.time, frame.index, faces, Path(frame.name).name)
        else:
            self.writer.write(frame.time, frame.index, faces)


def parse_kinds(text: str) -> list[str]:
    """`"video,jsonl"` -> ["video", "jsonl"]; InputError for an unknown kind."""
    kinds = parse_names(text)
    for kind in kinds:
        check_choice(kind, KINDS, "--save")
    if not kinds:
        raise InputError(f"--save: nothing named; choose among {', '.join(KINDS)}")
    return list(dict.fromkeys(kinds))


def parse_names(text: str) -> list[str]:
    """`"mesh, gaze"` -> ["mesh", "gaze"]; empty for nothing at all."""
    return [name.strip() for name in text.split(",") if name.strip()]


def default_kinds(source: Source) -> list[str]:
    """Pictures stay pictures; everything else becomes a video."""
    return ["png", "jsonl"] if source.kind == "images" else ["video", "jsonl"]


def stem_of(source: str) -> str:
    """Name for the results of an input: its own name and `_faces`, never the input's itself."""
    if source.isdecimal() and not Path(source).exists():
        return f"camera{source}_faces"
    path = Path(source)
    plain = [part for part in path.parts if not any(mark in part for mark in "*?[")]
    if len(plain) < len(path.parts) and not path.exists():
        path = Path(*plain) if plain else Path.cwd()
    path = path.resolve()
    return f"{path.stem if path.is_file() else path.name}_faces"


def paths(folder: Path, stem: str, kinds: Sequence[str]) -> dict[str, Path]:
    """Kind -> path: `stem.mp4`, `stem.jsonl` ..., and the folder `stem` for PNG frames."""
    endings = {"video": ".mp4", "jsonl": ".jsonl", "csv": ".csv", "npz": ".npz", "png": ""}
    return {kind: folder / f"{stem}{endings[kind]}" for kind in kinds}


def open_outputs(
    stack: ExitStack,
    where: dict[str, Path],
    source: Source,
    model: str,
    force: bool,
    settings: dict[str, Any] | None = None,
    draw: Sequence[str] = STANDARD,
) -> list[Sink]:
    """Sinks for `paths`, closed by `stack`. SinkError before anything is made if one is refused.

    `settings` go into the header of the records, `draw` names layers of `bauta.render.layers`.
    """
    overlay = Overlay(layers(draw))
    for kind, path in where.items():
        if kind != "png":
            check_output(path, force)
    header = records.Header(Path(source.name).name, source.size_wh, model, settings or {})
    by_name = source.kind == "images"
    pictures: list[VideoSink | PngSink] = []
    sinks: list[Sink] = []
    for kind, path in where.items():
        if kind == "video":
            sound = source.name if source.kind == "video" else None
            pictures.append(stack.enter_context(VideoSink(path, force=force, audio_from=sound)))
        elif kind == "png":
            home = Path(source.name) if source.kind == "images" else None
            home = home.parent if home is not None and not home.is_dir() else home
            sink = PngSink(path, force=force, source_folder=home)
            pictures.append(stack.enter_context(sink))
        elif kind == "jsonl":
            writer = records.JsonlWriter(path, header, force=force)
            sinks.append(Recorded(stack.enter_context(writer), by_name))
        elif kind == "csv":
            sinks.append(Recorded(stack.enter_context(records.CsvWriter(path, force=force))))
        else:
            sinks.append(
                Recorded(stack.enter_context(records.NpzWriter(path, header, force=force)))
            )
    if not pictures:
        return sinks
    writes = [stack.enter_context(Behind(sink.write)) for sink in pictures]
    return [Drawn(overlay, pictures, by_name, writes), *sinks]


def warnings(sinks: Sequence[Sink]) -> list[str]:
    """What the sinks could not carry over, such as sound."""
    drawn = [sink for sink in sinks if isinstance(sink, Drawn)]
    videos = [sink for one in drawn for sink in one.sinks if isinstance(sink, VideoSink)]
    return [warning for video in videos for warning in video.warnings]
