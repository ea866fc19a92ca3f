"""300-VW: 68 points on every frame of 114 videos (Shen et al., ICCV-W 2015).

    001/vid.avi
    001/annot/000001.pts    of the first frame, and so on

50 videos are for training; 64 for testing in three categories: well lit, badly lit, and anything
(occlusion, make-up, large poses). The lists are those of the challenge, as in OpenFace's
run_300VW and supervision-by-registration.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from bauta.checks import SourceError
from bauta.data.readers.files import folder_in, read_pts
from bauta.data.readers.text import check_subset
from bauta.data.sample import Labels, Sample
from bauta.video.files import VideoFile
from bauta.video.frame import Frame

CLIPS = {
    "train": """
        001 002 003 004 007 009 010 011 013 015 016 017 018 019 020 022 025 027 028 029 031 033 034
        035 037 039 041 043 044 046 047 048 049 053 057 059 112 113 115 119 120 123 138 143 144 160
        204 205 223 225""",
    "category 1": """
        114 124 125 126 150 158 401 402 505 506 507 508 509 510 511 514 515 518 519 520 521 522 524
        525 537 538 540 541 546 547 548""",
    "category 2": """
        203 208 211 212 213 214 218 224 403 404 405 406 407 408 409 412 550 551 553""",
    "category 3": """
        410 411 516 517 526 528 529 530 531 533 557 558 559 562""",
}
"""Subset -> names of its clips."""
SUBSETS = tuple(CLIPS)
LICENCE = "research only"


def read(root: Path, subset: str = "") -> Iterator[Sample]:
    """Frames of 300-VW, clip by clip. `person` is the clip.

    A picture is decoded when asked for. In the order given that costs one pass over each video; a
    step back begins the video again.
    """
    check_subset(subset, SUBSETS, "300vw")
    frames = Frames()
    for part, names in CLIPS.items():
        if subset in ("", part):
            for clip in names.split():
                yield from _read_clip(root, clip, part, frames)


def _read_clip(root: Path, clip: str, part: str, frames: Frames) -> Iterator[Sample]:
    folder = folder_in(root, clip)
    video = folder / "vid.avi"
    if not video.is_file():
        raise SourceError(f"{video}: missing; unpack the whole set")
    files = sorted(folder_in(folder, "annot").glob("*.pts"))
    if not files:
        raise SourceError(f"{folder / 'annot'}: no .pts in it; unpack the whole set")
    for file in files:
        if not file.stem.isdecimal() or int(file.stem) < 1:
            raise SourceError(f"{file}: expected the number of a frame, from 000001")
        yield Sample(
            name=f"{clip}/{file.stem}",
            picture=partial(frames, video, int(file.stem) - 1),
            labels=(Labels(read_pts(file, 68), "ibug68"),),
            person=clip,
            subset=part,
            licence=LICENCE,
        )


class Frames:
    """Frames of videos by their index. One video is open at a time."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.rest: Iterator[Frame] = iter(())
        self.frame: Frame | None = None

    def __call__(self, path: Path, index: int) -> np.ndarray:
        """Frame `index`, from 0: (H, W, 3) uint8 RGB. SourceError past the end of the video."""
        if path != self.path or self.frame is None or index < self.frame.index:
            self.path, self.frame = path, None
            self.rest = iter(VideoFile(path))
        while self.frame is None or self.frame.index < index:
            self.frame = next(self.rest, None)
            if self.frame is None:
                raise SourceError(f"{path}: has no frame {index + 1}; get a whole copy of it")
        return self.frame.image
