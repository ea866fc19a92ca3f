"""The beginning of the demo clip, tracked as a user would track it."""

from __future__ import annotations

from itertools import islice

from bauta.demo import clip_path
from bauta.records import TrackedFrame
from bauta.tracker import Tracker
from bauta.video.source import open_video


def demo_tracks(count: int) -> list[TrackedFrame]:
    """The first `count` frames, followed by `base` with the fit."""
    with Tracker() as tracker:
        return [
            TrackedFrame(frame.time, frame.index, tracker(frame))
            for frame in islice(open_video(clip_path()), count)
        ]
