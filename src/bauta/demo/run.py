"""The demo: follow the face in the clip whose motion is known, and say how well that went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bauta.demo import clip_path, motion
from bauta.demo.truth import Score, score
from bauta.outputs import open_outputs
from bauta.pipeline import Summary, track
from bauta.render.overlay import Overlay
from bauta.render.sheet import contact_sheet
from bauta.tracker import Tracker
from bauta.types import FaceState
from bauta.video.frame import Frame
from bauta.video.output import atomic_write, check_output
from bauta.video.source import open_video

CLIP = clip_path()
SHEET_FRAMES = 16


@dataclass
class _Points:
    """Collects points68 of the one face, NaN where there is none."""

    points: np.ndarray = field(default_factory=lambda: np.full((motion.FRAMES, 68, 2), np.nan))

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        if faces:
            self.points[frame.index] = faces[0].points68[:, :2]


@dataclass
class _Sheet:
    """Keeps some drawn frames for the contact sheet."""

    overlay: Overlay = field(default_factory=Overlay)
    images: list[np.ndarray] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        if frame.index % (motion.FRAMES // SHEET_FRAMES) == 0 and len(self.images) < SHEET_FRAMES:
            self.images.append(self.overlay(frame.image, faces, milliseconds))
            self.captions.append(f"{frame.time:.2f} s, {len(faces)} face{'s'[: len(faces) != 1]}")

    def png(self) -> bytes:
        import cv2

        sheet = contact_sheet(self.images, columns=4, captions=self.captions)
        return cv2.imencode(".png", sheet[..., ::-1])[1].tobytes()


@dataclass(frozen=True)
class DemoResult:
    """Scores against the truth, the run's summary, and the files it left."""

    score: Score
    summary: Summary
    files: list[Path]


def run(
    folder: Path,
    model: str = "base",
    *,
    force: bool = False,
    after: Callable[[Summary], None] | None = None,
) -> DemoResult:
    """Track the clip; leave `demo.mp4`, `demo.jsonl` and `demo.png` in `folder`."""
    where = {"video": folder / "demo.mp4", "jsonl": folder / "demo.jsonl"}
    picture = check_output(folder / "demo.png", force)
    points, sheet = _Points(), _Sheet()
    with ExitStack() as stack:
        source = stack.enter_context(open_video(CLIP))
        sinks = open_outputs(stack, where, source, model, force)
        tracker = stack.enter_context(Tracker(model=model))
        summary = track(source, tracker, [*sinks, points, sheet], after=after)
    atomic_write(picture, sheet.png())
    return DemoResult(score(points.points), summary, [*where.values(), picture])


def lines(result: DemoResult) -> Iterator[str]:
    """What the demo prints."""
    found, score = result.score.presence, result.score
    yield f"error against hand-marked points   {score.nme:.2f} % of the eye distance"
    regions = ", ".join(f"{name.replace('_', ' ')} {e:.1f}" for name, e in score.regions.items())
    yield f"  by region                        {regions}"
    yield f"steadiness while the face is still {score.steadiness:.2f} % (root mean square)"
    seen = f"{found.found} of {found.visible}"
    yield f"found                              {seen} frames that show the whole face"
    yield f"dropped after the exit             {found.until_dropped} frames"
    yield f"found again after the return       {found.until_found} frames"
    p50, p95 = result.summary.percentile(50), result.summary.percentile(95)
    yield f"tracking                           {p50:.1f} ms a frame (p95 {p95:.1f}), one thread"
