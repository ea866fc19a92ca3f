"""What a command line of `bauta track` asks for, and what became of a source."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bauta
from bauta import outputs
from bauta.assets.store import load_card, read_model
from bauta.checks import InputError, SourceError
from bauta.cli.app import say, talk
from bauta.cli.journal import Journal
from bauta.filters.kinds import filter_maker
from bauta.heads import HeadOptions
from bauta.offline import LookAhead
from bauta.pipeline import Sink, Summary
from bauta.records import parts_of
from bauta.regress.landmarks import TASK
from bauta.tracker import Tracker
from bauta.video.frame import Source
from bauta.video.source import PIPED, is_live, open_video


@dataclass(frozen=True)
class Reading:
    """How sources are read; `size` is WIDTHxHEIGHT of raw pictures piped in, or empty."""

    sequence: bool = False
    rate: float | None = None
    live: bool | None = None
    reconnect: float = 30.0
    size: str = ""
    pixel_format: str = "rgb24"

    def open(self, source: str) -> Source:
        """The source; says when it vanishes and comes back."""
        return open_video(
            source,
            rate=self.rate,
            live=self.live,
            size_wh=self.size_wh() if source == PIPED else None,
            pixel_format=self.pixel_format,
            reconnect=self.reconnect,
            tell=talk.print,
        )

    def size_wh(self) -> tuple[int, int] | None:
        """Width and height of raw pictures, None when they are not raw."""
        if not self.size:
            return None
        width, _, height = self.size.lower().partition("x")
        if not (width.isdecimal() and height.isdecimal()):
            raise InputError(f"--size: expected WIDTHxHEIGHT, such as 640x480, got {self.size!r}")
        return int(width), int(height)


@dataclass(frozen=True)
class Following:
    """How faces are followed."""

    model: str
    faces: int
    filter: str
    fit: bool
    threads: int
    device: str
    head: HeadOptions
    offline: bool = False
    far: bool = False

    def look_ahead(self, frames: Source, stills: bool) -> LookAhead | None:
        """What smooths the results of a file with a look ahead, where it is asked for."""
        if not self.offline:
            return None
        if frames.live or stills:
            raise SourceError(f"{frames.name}: has no frames ahead to look at; leave out --offline")
        return LookAhead(filter_maker(self.filter), self.head if self.fit else None)

    def tracker(self) -> Tracker:
        """A tracker for one source."""
        return Tracker(
            self.model,
            self.faces,
            threads=self.threads,
            device=self.device,
            filter=self.filter,  # type: ignore[arg-type]
            fit=self.fit and not self.offline,
            far=self.far,
            **({} if self.offline else self._known()),
        )

    def _known(self) -> dict[str, Any]:
        """What the tracker is told of camera and person."""
        head = self.head
        return {
            "camera": head.camera,
            "fov": head.fov,
            "ipd": head.ipd,
            "profile": head.profile,
        }

    def as_json(self) -> dict[str, Any]:
        """Settings for the header of records."""
        known = {"faces": self.faces, "filter": self.filter, "fit": self.fit}
        asked = {"offline": self.offline, "far": self.far}
        return known | {name: True for name in asked if asked[name]} | self.head.as_json()

    def made_of(self) -> dict[str, str]:
        """Version of bauta, and hashes of all weights, which change under the same names."""
        model = hashlib.sha256(read_model(self.model, TASK)).hexdigest()
        shipped = {name: load_card(name).sha256 for name in ("detector", "face")}
        return {"bauta": bauta.__version__, "model": model} | shipped


@dataclass(frozen=True)
class Results:
    """What is written of a source, and where."""

    folder: Path
    save: str
    draw: str
    force: bool
    csv_columns: str = "bauta"
    views: Sequence[Sink] = ()
    """What shows the frames of all sources."""
    journal: Journal | None = None
    """Of a job that can be gone on with."""

    def where(self, source: str, frames: Source) -> dict[str, Path]:
        """Kind -> path, named after the source."""
        kinds = outputs.choose_kinds(self.save, self.folder, frames)
        return outputs.paths(self.folder, outputs.stem_of(source), kinds)

    def open(
        self,
        stack: ExitStack,
        where: dict[str, Path],
        frames: Source,
        model: str,
        settings: dict[str, Any],
    ) -> list[Sink]:
        """The sinks of the paths, closed by `stack`, and the views."""
        layers, force = outputs.parse_names(self.draw), self.force
        if self.journal is not None and not is_live(frames.name):
            force = self.journal.begin(frames.name, list(where.values()), force)
        sinks = outputs.open_outputs(
            stack, where, frames, model, force, settings, layers, self.csv_columns
        )
        return [*sinks, *self.views]

    def complete(self, source: str) -> bool:
        """Whether an earlier run of this job has done the source."""
        return self.journal is not None and not is_live(source) and self.journal.complete(source)

    def finish(self, source: str, where: dict[str, Path]) -> None:
        """Note that the source is done; its sinks have been closed."""
        if self.journal is not None and not is_live(source):
            self.journal.finish(source, list(where.values()))


@dataclass(frozen=True)
class Request:
    """All that is asked for."""

    reading: Reading
    following: Following
    results: Results


@dataclass
class Done:
    """What became of a source, true at every moment."""

    summary: Summary = field(default_factory=Summary)
    where: dict[str, Path] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    dropped: int = 0
    """Frames of a live source that there was no time for."""
    fit: bool = False
    """Whether heads are asked for."""

    def report(self) -> None:
        """Say what was found, and print the paths that were written."""
        if not self.summary.frames:
            return
        for warning in self.warnings:
            talk.print(f"warning: {warning}")
        summary, meshes = self.summary, self.summary.fitted + self.summary.lost
        if summary.headless:
            talk.print(
                f"warning: {summary.headless} of {summary.frames} pictures got no head, "
                f"the camera cannot be theirs; the first: {summary.mismatch}"
            )
        heads = f"head fitted in {summary.fitted} of {meshes}, " if self.fit and meshes else ""
        if heads and not summary.fitted and not summary.headless:
            talk.print("warning: no head fits; is --camera or --fov that of these pictures?")
        talk.print(
            f"{summary.frames} frames, a face in {summary.with_face}, {heads}"
            f"{len(summary.ids)} id(s), "
            f"tracking {summary.percentile(50):.1f} ms a frame (p95 {summary.percentile(95):.1f})"
        )
        if self.dropped:
            talk.print(f"{self.dropped} frames came while others were looked at: left out")
        for path in self.where.values():
            for written in (path, parts_of(path)):
                if written.exists():
                    say(str(written))
