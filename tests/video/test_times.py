"""Times of frames: those of the container, growing, and said where they are odd."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from media import noise, write_video

from bauta.video import open_video
from bauta.video.clock import Clock


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_variable_frame_rate_keeps_its_times(tmp_path, suffix):
    times = [0.0, 0.04, 0.05, 0.3, 0.333, 1.5, 1.51]
    path = write_video(tmp_path / f"vfr.{suffix}", [noise(i) for i in range(7)], times)
    got = [frame.time for frame in open_video(path)]
    np.testing.assert_allclose(got, times, atol=0.0011)  # Matroska counts milliseconds


def test_times_count_from_the_containers_start(tmp_path):
    path = write_video(tmp_path / "late.ts", [noise(i) for i in range(5)])
    with av.open(str(path)) as container:
        assert container.start_time
    got = [frame.time for frame in open_video(path)]
    np.testing.assert_allclose(got, np.arange(5) / 20, atol=1e-6)


def test_a_stream_without_times_is_spaced_by_its_rate(tmp_path):
    path = write_video(tmp_path / "raw.h264", [noise(i) for i in range(6)])
    source = open_video(path)
    got = np.array([frame.time for frame in source])
    assert source.rate
    np.testing.assert_allclose(got, np.arange(6) / source.rate, atol=1e-6)


def test_a_live_clock_follows_arrival_across_jumps():
    clock = Clock(None, 0.04)
    calls = [(100.0, 0.0), (100.04, 0.05), (3000.0, 0.1), (3000.04, 0.15), (5.0, 0.2), (5.04, 0.3)]
    expected = [0.0, 0.04, 0.1, 0.14, 0.2, 0.24]
    np.testing.assert_allclose([clock(*call) for call in calls], expected, atol=1e-9)
    assert clock(None, 0.5) == 0.5
    clock.origin = None  # another connection, which counts from 0 again
    np.testing.assert_allclose([clock(0.0, 7.0), clock(0.04, 7.01)], [7.0, 7.04], atol=1e-9)
    assert clock(0.04, 7.02) == pytest.approx(7.041)


def test_clock_increases_strictly():
    clock = Clock(5.0, 0.04)
    container_times = [5.0, 5.04, 5.04, 5.02, None, 5.2, 0.0, 0.04, 0.1]
    expected = [0.0, 0.04, 0.041, 0.042, 0.082, 0.2, 0.24, 0.28, 0.34]
    np.testing.assert_allclose([clock(time) for time in container_times], expected, atol=1e-9)
    assert Clock(5.0, 0.04)(4.9) == 0.0
    assert Clock(None, 0.04)(7.0) == 0.0


def test_times_that_stand_still_become_steps_and_are_said_once():
    told: list[str] = []
    clock = Clock(0.0, 0.05, told.append)
    container_times = [1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.5, *[2.0] * 5, 2.1]
    got = [clock(time) for time in container_times]
    expected = [1.0, 1.001, 1.002, 1.003, 1.053, 1.103, 1.104, 1.5]
    later = [2.0, *(2.0 + 0.1 / 6 * np.arange(1, 5)), 2.1]  # steps as 0.9 and 1.0 showed them
    np.testing.assert_allclose(got, expected + later, atol=1e-9)
    assert told == ["times stand still at 1.003 s; such frames are placed 0.050 s apart"]


@pytest.mark.parametrize("rate", [1000, 90000, 0.02])
def test_where_times_stand_still_the_unit_of_a_clock_is_no_frame_rate(rate):
    clock = Clock(0.0, 1 / rate)
    got = [clock(0.0) for _ in range(10)]
    np.testing.assert_allclose(np.diff(got)[3:], 0.04, atol=1e-9)


@pytest.mark.parametrize(
    ("shared", "unit", "step"), [(30, 1.0, 1 / 30), (30, 1.0, 1e-4), (5, 0.2, 0.04)]
)
def test_frames_that_share_coarse_times_do_not_stretch_the_clip(shared, unit, step):
    clock = Clock(None, step)
    times = [clock(unit * (i // shared)) for i in range(300)]
    assert (np.diff(times) > 0).all()
    true = np.arange(300) * unit / shared
    assert np.abs(np.array(times) - true).max() < 0.3
    assert np.abs(np.diff(times)[60:] - unit / shared).max() < unit / shared


def test_times_that_go_on_after_they_stood_still_go_on_from_there():
    clock = Clock(None, 0.04)
    told = [0.0, 0.04, *[0.08] * 100, *(0.12 + 0.04 * i for i in range(50))]
    times = [clock(seconds) for seconds in told]
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(0.04 * len(told), abs=0.3)


def test_a_jump_forward_is_kept_and_said_once():
    told: list[str] = []
    clock = Clock(0.0, 0.04, told.append)
    got = [clock(time) for time in [0.0, 0.04, 9.0, 3600.0, 3600.04, 7200.0]]
    assert got == [0.0, 0.04, 9.0, 3600.0, 3600.04, 7200.0]
    assert told == ["times jump from 9.000 to 3600.000 s; they are kept"]


def retimed(path: Path, source: Path, time: Callable[[int], float]) -> Path:
    """The packets of a video with other times."""
    with av.open(str(source)) as given, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = round(time(number) / packet.time_base)
            packet.stream = stream
            container.mux(packet)
    return path


def test_a_file_whose_times_stand_still_is_not_squeezed(tmp_path, clip):
    path = retimed(tmp_path / "still.flv", clip, lambda number: 1.0)
    told: list[str] = []
    got = [frame.time for frame in open_video(path, tell=told.append)]
    np.testing.assert_allclose(np.diff(got)[3:], 0.04, atol=1e-9)  # its header names no rate
    assert len(told) == 1
    assert told[0].startswith(f"warning: {path}: times stand still")


def test_a_file_whose_times_jump_ahead_is_read_as_it_is_with_a_word(tmp_path, clip):
    late = [number / 20 + 3600 * (number > 3) for number in range(40)]
    path = retimed(tmp_path / "late.mkv", clip, lambda number: late[number])
    told: list[str] = []
    got = [frame.time for frame in open_video(path, tell=told.append)]
    np.testing.assert_allclose(got, late, atol=0.0011)
    assert told == [f"warning: {path}: times jump from 0.150 to 3600.200 s; they are kept"]
