"""Webcams: timed by the clock, tried again when they vanish, listed."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
import pytest
from media import corners, delivered

from bauta.checks import SourceError
from bauta.video import listing, open_video, retry
from bauta.video.listing import ListedCamera, list_cameras


class Webcam:
    """Camera 0, plugged in once for each number of `deliveries`: so many pictures, then nothing."""

    deliveries: ClassVar[list[int]] = []
    opened = 0
    released = 0

    def __init__(self, index: int) -> None:
        self.left = 0
        self.there = index == 0 and Webcam.opened < len(Webcam.deliveries)
        if self.there:
            self.left = Webcam.deliveries[Webcam.opened]
            Webcam.opened += 1

    def isOpened(self):
        return self.there

    def read(self):
        self.left -= 1
        return (True, corners()[..., ::-1].copy()) if self.left >= 0 else (False, None)

    def get(self, what):
        return {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_FRAME_WIDTH: 64.0}.get(what, 48.0)

    def set(self, what, value):
        return True

    def release(self):
        Webcam.released += self.there
        self.there = False


@pytest.fixture
def webcam(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Webcam)
    monkeypatch.setattr("bauta.video.camera.PATIENCE", 0.05)
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(Webcam, "opened", 0)
    monkeypatch.setattr(Webcam, "released", 0)
    return Webcam


def test_a_camera_is_timed_by_the_clock_and_missed_when_it_stops(webcam):
    webcam.deliveries = [2]
    with open_video("0", live=False, reconnect=0) as source:
        assert (source.kind, source.frames, source.size_wh) == ("camera", None, (64, 48))
        assert (source.rate, source.live) == (30.0, False)
        frames, error = delivered(source)
    assert [frame.index for frame in frames] == [0, 1]
    assert frames[0].time == 0.0 < frames[1].time < 1.0
    np.testing.assert_array_equal(frames[0].image, corners())
    assert "stopped delivering after 2 frames" in error
    assert list(source) == []  # released
    assert webcam.released == 1


def test_a_camera_that_comes_back_goes_on_with_its_clock_and_both_are_told(webcam):
    webcam.deliveries = [2, 3]
    told: list[str] = []
    with open_video(0, live=False, reconnect=0.3, tell=told.append) as source:
        frames, error = delivered(source)
    assert [frame.index for frame in frames] == list(range(5))
    assert frames[2].time > frames[1].time + 0.05  # the gap is real
    assert "stopped delivering after 2 frames; trying again" in told[0]
    assert "back after" in told[1]
    assert "came back 1 time(s) in 0 s but did not stay" in error
    assert webcam.released == 2


def test_a_camera_that_does_not_come_back_is_said_to_stay_away(webcam):
    webcam.deliveries = [2]
    with open_video(0, live=False, reconnect=0.2) as source:
        frames, error = delivered(source)
    assert len(frames) == 2
    assert "and stayed away for 0 s" in error


def test_the_newest_frame_of_a_live_camera_wins(webcam):
    webcam.deliveries = [30]
    with open_video(0, reconnect=0) as source:
        assert source.live
        frames, error = [], ""
        try:
            for frame in source:
                frames.append(frame)
                if len(frames) == 1:
                    while source.dropped < 28:  # all but this one and the newest
                        pass
        except SourceError as problem:
            error = str(problem)
    assert frames[-1].index == 29
    assert len(frames) + source.dropped == 30
    assert len(frames) <= 3
    assert "stopped delivering after 30 frames" in error


def test_a_camera_can_be_closed_while_it_is_read(webcam):
    webcam.deliveries = [10**9]
    source = open_video(0)
    for frame in source:
        if frame.index > 3:
            source.close()
    assert list(source) == []
    assert webcam.released == 1


def test_a_missing_camera_is_said_plainly(webcam):
    with pytest.raises(SourceError, match=r"camera 7: cannot be opened"):
        open_video(7)


def test_a_camera_that_opens_but_shows_nothing_is_refused(webcam):
    webcam.deliveries = [0]
    with pytest.raises(SourceError, match="stopped delivering after 0 frames"):
        open_video(0)
    assert webcam.released == 1


def test_cameras_are_listed_with_what_the_system_calls_them(webcam, tmp_path, monkeypatch):
    webcam.deliveries = [1]
    for node, name in (("video0", "Built-in\n"), ("video10", "Other"), ("v4l-subdev0", "no")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(name)
    monkeypatch.setattr(listing, "LINUX", tmp_path)
    assert list_cameras() == [
        ListedCamera(0, "Built-in", (64, 48), 30.0),
        ListedCamera(10, "Other", None, 30.0),
    ]
    webcam.opened = 0
    monkeypatch.setattr(listing, "LINUX", tmp_path / "of another system")
    assert list_cameras() == [ListedCamera(0, "camera 0", (64, 48), 30.0)]
