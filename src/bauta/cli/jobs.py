"""What a command line of `bauta track` asks for, and how one source is worked through."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bauta import outputs
from bauta.cli.app import progress, say, talk
from bauta.heads import HeadOptions
from bauta.pipeline import Sink, Summary
from bauta.pipeline import track as run_pipeline
from bauta.tracker import Tracker
from bauta.video.frame import Source
from bauta.video.source import open_video


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

    def tracker(self) -> Tracker:
        """A tracker for one source."""
        return Tracker(
            self.model,
            self.faces,
            threads=self.threads,
            device=self.device,
            filter=self.filter,  # type: ignore[arg-type]
            fit=self.fit,
            camera=self.head.camera,
            fov=self.head.fov,
            ipd=self.head.ipd,
            profile=self.head.profile,
        )

    def as_json(self) -> dict[str, Any]:
        """Settings for the header of records."""
        return {"faces": self.faces, "filter": self.filter, "fit": self.fit} | self.head.as_json()


@dataclass(frozen=True)
class Results:
    """What is written of a source, and where."""

    folder: Path
    save: str
    draw: str
    force: bool
    csv_columns: str = "bauta"

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
        """The sinks of the paths, closed by `stack`."""
        layers = outputs.parse_names(self.draw)
        return outputs.open_outputs(
            stack, where, frames, model, self.force, settings, layers, self.csv_columns
        )


@dataclass
class Done:
    """What became of a source, true at every moment."""

    summary: Summary = field(default_factory=Summary)
    where: dict[str, Path] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def report(self) -> None:
        """Say what was found, and print the paths that were written."""
        if not self.summary.frames:
            return
        for warning in self.warnings:
            talk.print(f"warning: {warning}")
        summary = self.summary
        talk.print(
            f"{summary.frames} frames, a face in {summary.with_face}, {len(summary.ids)} id(s), "
            f"tracking {summary.percentile(50):.1f} ms a frame (p95 {summary.percentile(95):.1f})"
        )
        for path in self.where.values():
            if path.exists():
                say(str(path))


def follow(
    source: str, following: Following, results: Results, done: Done, *, sequence: bool
) -> None:
    """Track one source to its end; `done` is filled as frames come."""
    with ExitStack() as stack:
        frames = stack.enter_context(open_video(source))
        done.where = results.where(source, frames)
        tracker = stack.enter_context(following.tracker())
        stills = frames.kind == "images" and not sequence
        settings = following.as_json() | {"stills": stills}
        sinks: list[Sink] = []  # they still find out something while they are closed
        stack.callback(lambda: done.warnings.extend(outputs.warnings(sinks)))
        sinks += results.open(stack, done.where, frames, following.model, settings)
        after = stack.enter_context(progress(frames.name, frames.frames))
        run_pipeline(frames, tracker, sinks, stills=stills, summary=done.summary, after=after)
