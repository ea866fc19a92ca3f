"""Crops of consecutive frames of a user's own videos, to be learned from without labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bauta.checks import SourceError, check_count
from bauta.crop import Roi, roi_of_mesh
from bauta.geometry import affine
from bauta.regress.landmarks import cut
from bauta.tracker import Tracker
from bauta.video.frame import Frame
from bauta.video.source import open_video

NEIGHBOURS = 3
"""Frames of a clip: one, the one before and the one after."""
ROOM = 1.3
"""Side of what is kept over the side of the crop: room to draw it shifted, larger or turned."""


@dataclass(frozen=True)
class VideoSettings:
    """`[video]`: what is watched."""

    files: tuple[Path, ...] = ()
    """Videos that show faces; any number of people."""
    follow: str = "base"
    """Who finds the faces: a model that `bauta models` lists, or a path to a bauta .onnx."""
    clips: int = 600
    """Triples of frames that are kept, spread evenly over the videos."""
    batch: int = 8
    """Triples a step."""

    def __post_init__(self) -> None:
        check_count(self.clips, "clips")
        check_count(self.batch, "batch")


def triples(
    frames: Iterable[Frame], tracker: Tracker, size: int, most: int, skip: int = 0
) -> list[np.ndarray]:
    """Up to `most` clips (3, n, n, 3) uint8, n = ROOM `size`, of followed faces in three frames.

    The three share the square that fits the middle one, so that what moves is the face. `skip`
    frames are left out between two clips.
    """
    clips: list[np.ndarray] = []
    window: list[tuple[np.ndarray, dict[int, Roi]]] = []
    wait = 0
    for frame in frames:
        faces = {face.id: roi_of_mesh(face.mesh) for face in tracker(frame)}
        window = [*window, (frame.image, faces)][-NEIGHBOURS:]
        wait -= 1
        if len(window) < NEIGHBOURS or wait > 0:
            continue
        everywhere = set.intersection(*(set(rois) for _, rois in window))
        for id in sorted(everywhere):
            roi = window[1][1][id]
            wide = Roi(roi.center, ROOM * roi.side, roi.angle)
            pictures = [cut(image, wide, round(ROOM * size)) for image, _ in window]
            clips.append(np.stack(pictures))
            wait = skip
        if len(clips) >= most:
            break
    return clips[:most]


def watch(settings: VideoSettings, size: int) -> np.ndarray:
    """Clips (N, 3, n, n, 3) uint8 of all files; SourceError for one without a followed face."""
    share = -(-settings.clips // max(len(settings.files), 1))
    found: list[np.ndarray] = []
    for file in settings.files:
        with open_video(str(file)) as source, Tracker(settings.follow, max_faces=4) as tracker:
            skip = (source.frames or 0) // share
            clips = triples(source, tracker, size, share, skip)
        if not clips:
            raise SourceError(f"{file}: no face is followed over {NEIGHBOURS} frames of it")
        found += clips
    return np.stack(found)


def draw_clips(clips: np.ndarray, size: int, rngs: Sequence[np.random.Generator]) -> np.ndarray:
    """A clip (3, size, size, 3) for each generator, its frames shifted, scaled and turned alike."""
    return np.stack([_drawn(clips[rng.integers(len(clips))], size, rng) for rng in rngs])


def _drawn(clip: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    n = clip.shape[1]
    side = size * float(np.exp(rng.normal() * 0.05))
    center = n / 2 + rng.normal(size=2).clip(-2, 2) * 0.03 * size
    T = affine.for_opencv(affine.similarity(center, side, float(rng.normal() * 0.1), size))
    warp = partial(cv2.warpAffine, borderMode=cv2.BORDER_REPLICATE)
    return np.stack([warp(frame, T, (size, size)) for frame in clip])
