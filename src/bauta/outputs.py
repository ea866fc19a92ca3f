"""The files that `bauta track` leaves, by the names of `--save`."""

from __future__ import annotations

import os
import re
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
from bauta.video.network import is_address, without_password
from bauta.video.output import STDOUT, check_output
from bauta.video.sink import PngSink, VideoSink

ENDINGS = {
    "video": ".mp4",
    "jsonl": ".jsonl",
    "csv": ".csv",
    "npz": ".npz",
    "parquet": ".parquet",
    "png": "",
}
"""Kinds of outputs, and what their names end in; PNG frames go into a folder."""
PICTURES, LINES, TABLES = ("video", "png"), ("jsonl", "csv"), ("npz", "parquet")


@dataclass(frozen=True)
class Drawn:
    """Draws the overlay and hands the picture on, to every sink of pictures."""

    overlay: Overlay
    sinks: Sequence[VideoSink | PngSink]
    by_name: bool = False
    """PNG frames are named after the pictures they show."""
    writes: Sequence[Callable[..., None]] = ()
    """`write` of each sink, in a thread of its own: the next frame is drawn meanwhile."""

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
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

    writer: records.Writer
    by_name: bool = False

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        """Record one frame."""
        if isinstance(self.writer, records.JsonlWriter) and self.by_name:
            self.writer.write(frame.time, frame.index, faces, Path(frame.name).name)
        else:
            self.writer.write(frame.time, frame.index, faces)


def parse_kinds(text: str) -> list[str]:
    """`"video,jsonl"` -> ["video", "jsonl"]; InputError for an unknown kind."""
    kinds = parse_names(text)
    for kind in kinds:
        check_choice(kind, ENDINGS, "--save")
    if not kinds:
        raise InputError(f"--save: nothing named; choose among {', '.join(ENDINGS)}")
    return list(dict.fromkeys(kinds))


def parse_names(text: str) -> list[str]:
    """`"mesh, gaze"` -> ["mesh", "gaze"]; empty for nothing at all."""
    return [name.strip() for name in text.split(",") if name.strip()]


def default_kinds(source: Source) -> list[str]:
    """Pictures stay pictures; everything else becomes a video."""
    return ["png", "jsonl"] if source.kind == "images" else ["video", "jsonl"]


def choose_kinds(save: str, folder: Path, source: Source) -> list[str]:
    """The kinds of `--save`, or those that are usual for the source and place; none for "none"."""
    if save == "none":
        return []
    if folder != STDOUT:
        return parse_kinds(save) if save else default_kinds(source)
    kinds = parse_kinds(save) if save else ["jsonl"]
    if len(kinds) > 1 or kinds[0] not in LINES:
        raise InputError(f"--out -: expected {' or '.join(LINES)} alone, got {', '.join(kinds)}")
    return kinds


def stem_of(source: str) -> str:
    """Name for the results of an input: its own name and `_faces`, never the input's itself."""
    if source == "-":
        return "stdin_faces"
    if source.isdecimal() and not Path(source).exists():
        return f"camera{source}_faces"
    if is_address(source):
        host, _, page = without_password(source).partition("://")[2].partition("/")
        page = page.partition("?")[0].rpartition(".")[0] or page.partition("?")[0]
        return "_".join(re.findall(r"[\w.-]+", f"{host}/{page}")) + "_faces"
    path = Path(source)
    plain = [part for part in path.parts if not any(mark in part for mark in "*?[")]
    if len(plain) < len(path.parts) and not path.exists():
        path = Path(*plain) if plain else Path.cwd()
    path = Path(os.path.abspath(path))  # "." has no name; a link has its own
    return f"{path.stem if path.is_file() else path.name}_faces"


def paths(folder: Path, stem: str, kinds: Sequence[str]) -> dict[str, Path]:
    """Kind -> path: `stem.mp4`, `stem.jsonl` ..., and the folder `stem` for PNG frames."""
    if folder == STDOUT:
        return dict.fromkeys(kinds, STDOUT)
    return {kind: folder / f"{stem}{ENDINGS[kind]}" for kind in kinds}


def overlay_of(names: Sequence[str]) -> Overlay:
    """An overlay of layers by name; of "none" alone one that leaves pictures as they are."""
    return Overlay((), panel=None) if list(names) == ["none"] else Overlay(layers(names))


def open_outputs(
    stack: ExitStack,
    where: dict[str, Path],
    source: Source,
    model: str,
    force: bool,
    settings: dict[str, Any] | None = None,
    draw: Sequence[str] = STANDARD,
    csv_columns: str = "bauta",
) -> list[Sink]:
    """Sinks for `paths`, closed by `stack`. SinkError before anything is made if one is refused.

    `settings` go into the header of the records, `draw` names layers of `bauta.render.layers`,
    `csv_columns` a set of `records.CsvWriter`.
    """
    overlay, settings = overlay_of(draw), settings or {}
    _check(where, force, settings, csv_columns)
    header = records.Header(Path(source.name).name, source.size_wh, model, settings)
    by_name = source.kind == "images"
    pictures, sinks = [], []
    for kind, path in where.items():
        if kind in PICTURES:
            pictures.append(stack.enter_context(_open_pictures(kind, path, source, force)))
        elif kind == "csv":
            writer = records.CsvWriter(path, force=force, columns=csv_columns)
            sinks.append(Recorded(stack.enter_context(writer), by_name))
        else:
            make = {"jsonl": records.JsonlWriter, "npz": records.NpzWriter}
            writer = make.get(kind, records.ParquetWriter)(path, header, force=force)
            sinks.append(Recorded(stack.enter_context(writer), by_name))
    if not pictures:
        return sinks
    writes = [stack.enter_context(Behind(sink.write)) for sink in pictures]
    return [Drawn(overlay, pictures, by_name, writes), *sinks]


def _check(where: dict[str, Path], force: bool, settings: dict[str, Any], csv_columns: str) -> None:
    """Refuse what can be refused before anything is made."""
    check_choice(csv_columns, records.COLUMN_SETS, "--csv-columns")
    if csv_columns != "bauta" and "csv" not in where:
        raise InputError(f"--csv-columns {csv_columns}: is said of csv; add csv to --save")
    if csv_columns == "openface" and not settings.get("fit", True):
        raise InputError("--csv-columns openface: needs the face model; leave out --no-fit")
    if "parquet" in where:
        records.check_pyarrow()
    for kind, path in where.items():
        if kind != "png" and path != STDOUT:
            (records.check_table if kind in TABLES else check_output)(path, force)


def _open_pictures(kind: str, path: Path, source: Source, force: bool) -> VideoSink | PngSink:
    if kind == "video":
        sound = source.name if source.kind == "video" else None
        return VideoSink(path, force=force, audio_from=sound)
    home = Path(source.name) if source.kind == "images" else None
    home = home.parent if home is not None and not home.is_dir() else home
    return PngSink(path, force=force, source_folder=home)


def open_views(
    stack: ExitStack,
    draw: Sequence[str],
    show: bool,
    port: int | None,
    tell: Callable[[str], object],
) -> list[Sink]:
    """A window, and a page at a port, as asked for; closed by `stack`. `tell` hears its address."""
    views: list[Sink] = []
    if show:
        from bauta.view.window import Window

        views.append(stack.enter_context(Window(overlay_of(draw))))
    if port is not None:
        from bauta.view.page import Page

        page = stack.enter_context(Page(overlay_of(draw), port))
        tell(f"to look at: {page.url}")
        views.append(page)
    return views


def warnings(sinks: Sequence[Sink]) -> list[str]:
    """What the sinks could not carry over, such as sound."""
    drawn = [sink for sink in sinks if isinstance(sink, Drawn)]
    videos = [sink for one in drawn for sink in one.sinks if isinstance(sink, VideoSink)]
    found = [warning for video in videos for warning in video.warnings]
    tables = [sink.writer for sink in sinks if isinstance(sink, Recorded)]
    for table in tables:
        if isinstance(table, records.CsvWriter) and table.left_out:
            found.append(f"{table.path}: {table.left_out} face(s) without a head have no row")
    return found
