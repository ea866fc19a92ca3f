"""The standard input: MJPEG, raw pictures and containers, from another program."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import av
import cv2
import numpy as np
import pytest
from media import corner_colours, corners, delivered, noise, write_video

from bauta.checks import InputError, SourceError
from bauta.video import open_video, piped


@contextmanager
def pipe(monkeypatch, *pieces: bytes, pause: float = 0.0) -> Iterator[None]:
    """A standard input into which a thread writes pieces."""
    reading, writing = os.pipe()
    monkeypatch.setattr(piped.Piped.__init__, "__kwdefaults__", kwdefaults(reading))

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as file:
            for piece in pieces:
                file.write(piece)
                time.sleep(pause)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        os.close(reading)
        writer.join(5)


def kwdefaults(descriptor: int) -> dict:
    return {**(piped.Piped.__init__.__kwdefaults__ or {}), "descriptor": descriptor}


def jpegs(images) -> list[bytes]:
    return [cv2.imencode(".jpg", image[..., ::-1])[1].tobytes() for image in images]


def test_mjpeg_comes_frame_by_frame_at_the_rate_that_is_said(monkeypatch):
    images = [np.full((48, 64, 3), 12 * i, np.uint8) for i in range(20)]
    with pipe(monkeypatch, *jpegs(images)), open_video("-", rate=10) as source:
        frames, error = delivered(source)
    assert error == ""
    assert (source.kind, source.live, source.name, source.size_wh) == (
        "stream",
        False,
        "-",
        (64, 48),
    )
    assert [round(frame.image.mean() / 12) for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(20) / 10)


def test_without_a_rate_time_is_that_of_arrival(monkeypatch):
    with pipe(monkeypatch, *jpegs([noise(i) for i in range(8)]), pause=0.1):
        frames, _ = delivered(open_video("-"))
    assert len(frames) == 8
    assert 0.4 < frames[-1].time < 5


@pytest.mark.parametrize("format", ["rgb24", "bgr24", "gray", "yuv420p", "nv12", "yuyv422", "rgba"])
def test_raw_pictures_of_any_format_become_rgb(monkeypatch, format):
    picture = av.VideoFrame.from_ndarray(corners(), format="rgb24").reformat(format=format)
    raw = b"".join(
        bytes(plane)[row * plane.line_size :][: width(format, i, plane)]
        for i, plane in enumerate(picture.planes)
        for row in range(plane.height)
    )
    with pipe(monkeypatch, raw * 3):
        frames, error = delivered(open_video("-", size_wh=(64, 48), pixel_format=format, rate=25))
    assert (len(frames), error) == (3, "")
    want = corners()
    if format == "gray":
        want = np.repeat(cv2.cvtColor(want, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    assert abs(corner_colours(frames[1].image) - corner_colours(want)).max() < 12


def width(format: str, plane_index: int, plane) -> int:
    """Bytes of a row without padding."""
    bytes_a_pixel = {"rgb24": 3, "bgr24": 3, "yuyv422": 2, "rgba": 4}.get(format, 1)
    return plane.width * (2 if format == "nv12" and plane_index else bytes_a_pixel)


@pytest.mark.parametrize("suffix", ["mkv", "ts", "mp4"])
def test_a_container_keeps_its_times(monkeypatch, tmp_path, suffix):
    options = {"movflags": "frag_keyframe+empty_moov"} if suffix == "mp4" else {}
    times = [0.0, 0.1, 0.15, 0.5, 1.5]
    images = [noise(i) for i in range(5)]
    path = write_video(tmp_path / f"a.{suffix}", images, times, options=options)
    with pipe(monkeypatch, path.read_bytes()):
        frames, error = delivered(open_video("-"))
    assert error == ""
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=0.002)


def test_a_picture_is_given_as_soon_as_it_is_whole(monkeypatch):
    """A live pipe: the reader must not wait for a buffer to fill."""
    raw = noise(0).tobytes()
    with pipe(monkeypatch, raw, raw, raw, raw, pause=0.25):
        source = open_video("-", size_wh=(64, 48))
        frames = list(source)
    assert len(frames) == 4
    assert frames[-1].time > 0.2


def test_raw_pictures_that_end_midway_are_cut_off(monkeypatch):
    raw = noise(0).tobytes()
    with pipe(monkeypatch, raw, raw, raw[:1000]):
        frames, error = delivered(open_video("-", size_wh=(64, 48), rate=25))
    assert len(frames) == 2
    assert "-: 1000 bytes are left over after 2 pictures of 64x48 rgb24, each of 9216" in error
    assert "is --size right, or was the last cut off?" in error


def test_raw_pictures_of_another_size_than_said_are_questioned(monkeypatch):
    raw = b"".join(noise(i).tobytes() for i in range(5))
    with pipe(monkeypatch, raw):
        frames, error = delivered(open_video("-", size_wh=(64, 50), rate=25))
    assert len(frames) == 4
    assert "7680 bytes are left over after 4 pictures of 64x50 rgb24" in error
    with pipe(monkeypatch, raw), pytest.raises(SourceError, match="less than one picture of 640x"):
        open_video("-", size_wh=(640, 480))


def test_a_jump_in_the_times_of_a_container_is_said(monkeypatch, tmp_path):
    path = write_video(tmp_path / "a.mkv", [noise(i) for i in range(5)], [0, 0.1, 20, 20.1, 20.2])
    told: list[str] = []
    with pipe(monkeypatch, path.read_bytes()):
        list(open_video("-", tell=told.append))
    assert told == ["warning: -: times jump from 0.100 to 20.000 s; they are kept"]


def test_the_newest_wins_when_asked(monkeypatch):
    raw = [np.full((48, 64, 3), i, np.uint8).tobytes() for i in range(40)]
    with pipe(monkeypatch, *raw, pause=0.005), open_video("-", size_wh=(64, 48), live=True) as live:
        frames = []
        for frame in live:
            frames.append(frame)
            time.sleep(0.05)
        assert len(frames) + live.dropped == 40
    assert frames[-1].image[0, 0, 0] == 39


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"size_wh": (0, 48)}, "width and height"),
        ({"size_wh": (64, 10**6)}, "width and height"),
        ({"size_wh": (64, 48), "pixel_format": "rainbow"}, "unknown 'rainbow'"),
    ],
)
def test_wrong_words_about_raw_pictures_are_refused(monkeypatch, options, match):
    with pipe(monkeypatch, b"x" * 100), pytest.raises(InputError, match=match):
        open_video("-", **options)


def test_nothing_and_nonsense_are_one_error(monkeypatch):
    with pipe(monkeypatch), pytest.raises(SourceError, match="nothing came"):
        open_video("-")
    with (
        pipe(monkeypatch, b"hello world\n" * 1000),
        pytest.raises(SourceError, match="not readable"),
    ):
        open_video("-")
    with (
        pipe(monkeypatch, b"\xff\xd8 but no picture" * 100),
        pytest.raises(SourceError, match="-: "),
    ):
        list(open_video("-"))


def test_a_terminal_is_not_a_pipe():
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    code = "import bauta; bauta.open_video('-')"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=theirs, capture_output=True, text=True
    )
    os.close(ours)
    os.close(theirs)
    assert "nothing is piped in" in done.stderr
