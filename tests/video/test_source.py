"""Video files and cameras: true in time, upright, and complete or said not to be."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from media import SHOWN, corner_colours, corners, delivered, exif, noise, tone, write_video

from bauta.checks import InputError, SourceError
from bauta.video import open_video
from bauta.video.source import videos_of

MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def test_every_frame_comes_in_order_and_in_colour(tmp_path):
    images = [np.full((48, 64, 3), (10 * i, 250 - 10 * i, 60), np.uint8) for i in range(20)]
    with open_video(write_video(tmp_path / "a.mp4", images)) as source:
        frames = list(source)
        assert (source.kind, source.frames, source.size_wh) == ("video", 20, (64, 48))
        assert source.rate == pytest.approx(20)
        assert source.duration == pytest.approx(1.0)
    assert [frame.index for frame in frames] == list(range(20))
    assert frames[0].name == str(tmp_path / "a.mp4")
    for frame, image in zip(frames, images, strict=True):
        assert frame.image.dtype == np.uint8
        assert abs(frame.image.astype(int) - image).max() < 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_containers_rotation_and_mirroring_are_applied(tmp_path, orientation):
    path = write_video(tmp_path / "turned.mp4", [corners()] * 2)
    data = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in MATRICES[orientation])
    at = data.index(b"tkhd") + 44  # version 0: the matrix lies 40 bytes after version and flags
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    source = open_video(path)
    frame = next(iter(source))
    expected_wh = (64, 48) if orientation < 5 else (48, 64)
    assert source.size_wh == expected_wh == frame.image.shape[1::-1]
    assert abs(corner_colours(frame.image) - SHOWN[orientation]).max() < 12


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "expected"),
    [
        ("grey.mkv", "ffv1", "gray", None),
        ("grey16.mkv", "ffv1", "gray16le", None),
        ("ten.mkv", "ffv1", "yuv444p10le", corners()),
        ("full.mov", "png", "rgb24", corners()),
        ("loop.gif", "gif", "rgb8", corners()),
    ],
)
def test_any_pixel_format_becomes_rgb(tmp_path, name, codec, pix_fmt, expected):
    path = write_video(tmp_path / name, [corners()] * 3, codec=codec, pix_fmt=pix_fmt)
    frames = list(open_video(path))
    assert len(frames) == 3
    image = frames[-1].image.astype(int)
    if expected is None:
        assert np.ptp(image, axis=2).max() == 0
        grey = cv2.cvtColor(corners(), cv2.COLOR_RGB2GRAY).astype(int)
        assert abs(image[..., 0] - grey).max() < 6
    else:
        assert abs(corner_colours(image) - corner_colours(expected)).max() < 40


def test_transparent_video_is_shown_over_white(tmp_path):
    rgba = np.dstack([corners(), np.full((48, 64), 255, np.uint8)])
    rgba[:, :32, 3] = 0
    path = write_video(tmp_path / "cut-out.mov", [rgba] * 2, codec="png", pix_fmt="rgba")
    image = next(iter(open_video(path))).image
    assert (image[:, :32] == 255).all()
    np.testing.assert_array_equal(image[:, 32:], corners()[:, 32:])


def test_a_size_that_changes_midway_is_followed(tmp_path):
    small = write_video(tmp_path / "a.h264", [corners()] * 3)
    large = write_video(tmp_path / "b.h264", [corners(96, 128)] * 3)
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    shapes = [frame.image.shape for frame in open_video(both)]
    assert shapes == [(48, 64, 3)] * 3 + [(96, 128, 3)] * 3


def test_iterating_again_starts_again(clip):
    with open_video(clip) as source:
        first = [next(iter(source)).time, [frame.time for frame in source]]
        again = [frame.time for frame in source]
    assert first[1] == again
    assert len(again) == 40


def test_frames_that_are_done_with_leave_memory_at_once(clip):
    """Not when Python's collector comes by: at 4K that is gigabytes later."""
    import gc

    list(open_video(clip))
    gc.collect()
    gc.disable()
    try:
        assert len(list(open_video(clip))) == 40
        assert gc.collect() < 40
    finally:
        gc.enable()


def test_threads_change_nothing_but_speed(clip):
    one, two = list(open_video(clip, threads=1)), list(open_video(clip, threads=2))
    assert [frame.time for frame in one] == [frame.time for frame in two]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True))


def test_names_with_a_colon_or_other_letters_open(clip, tmp_path):
    for name in ("12:30 film.mp4", "Žofie [1] 100%d.mp4"):
        if os.name == "nt" and ":" in name:
            continue
        (tmp_path / name).write_bytes(clip.read_bytes())
        assert len(list(open_video(tmp_path / name))) == 40


@pytest.mark.parametrize("share", [0.35, 0.7, 0.97])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "flv"])
def test_a_cut_off_video_delivers_what_came_before_then_one_error(tmp_path, clip, suffix, share):
    options = {"movflags": "faststart"} if suffix == "mp4" else {}
    images = [noise(i % 10) for i in range(60)]
    whole = write_video(tmp_path / f"whole.{suffix}", images, options=options)
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(data[: int(len(data) * share)])
    want = list(open_video(whole))
    frames, error = delivered(open_video(cut))
    assert 0.5 * share * 60 < len(frames) < 60
    for got, expected in zip(frames[:-1], want, strict=False):
        np.testing.assert_array_equal(got.image, expected.image)
        assert got.time == expected.time
    if share < 0.9 or suffix == "mp4":  # Matroska and FLV: below half a second it may be rounding
        assert "cut off or damaged" in error
        assert f"{len(frames)} frames were delivered" in error
        assert cut.name in error


def test_a_hole_in_the_middle_is_reported_and_the_rest_delivered(tmp_path, clip):
    data = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        start, size = packets[15].pos, packets[15].size
    assert start is not None
    data[start : start + size] = bytes(size)
    (tmp_path / "hole.mp4").write_bytes(data)
    frames, error = delivered(open_video(tmp_path / "hole.mp4"))
    assert frames[-1].time == pytest.approx(39 / 20)
    assert len(frames) >= 35
    assert "cut off or damaged" in error


def test_whole_files_raise_nothing(tmp_path, clip):
    longer_sound = write_video(
        tmp_path / "sound.mp4", [noise(i) for i in range(10)], sound=tone(2.0)
    )
    live = write_video(
        tmp_path / "live.mp4",
        [noise(i) for i in range(30)],
        options={"movflags": "frag_keyframe+empty_moov"},
    )
    film = write_video(tmp_path / "film.avi", [noise(i) for i in range(30)], codec="mpeg4")
    for path, count in [(clip, 40), (longer_sound, 10), (live, 30), (film, 30)]:
        frames, error = delivered(open_video(path))
        assert (len(frames), error) == (count, "")


def test_unusable_files_are_refused_at_once(tmp_path, clip):
    end_first = write_video(tmp_path / "plain.mp4", [noise(i) for i in range(20)])
    only_sound = tmp_path / "sound.m4a"
    with av.open(str(only_sound), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(tone(0.5), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (tmp_path / "text.mp4").write_text("not a film\n" * 100)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "no-index.mp4").write_bytes(end_first.read_bytes()[:-800])
    (tmp_path / "head.mp4").write_bytes(clip.read_bytes()[:3000])
    for name, words in {
        "missing.mp4": "no such file",
        "text.mp4": "not a readable video",
        "empty.mp4": "is empty",
        "no-index.mp4": "cut off before its index",
        "sound.m4a": "no video stream",
        "head.mp4": "whole copy",
    }.items():
        with pytest.raises(SourceError, match=words) as caught:
            open_video(tmp_path / name)
        assert name in str(caught.value)


def test_a_photo_under_a_videos_name_still_comes_upright(tmp_path):
    jpeg = cv2.imencode(".jpg", corners()[..., ::-1])[1].tobytes()
    block = b"Exif\0\0" + exif(6)
    (tmp_path / "photo").write_bytes(
        jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block + jpeg[2:]
    )
    (frame,) = open_video(tmp_path / "photo")
    assert frame.image.shape == (64, 48, 3)
    assert abs(corner_colours(frame.image) - SHOWN[6]).max() < 12


@pytest.mark.parametrize("source", [None, True, 1.5, -1, b"\xff"])
def test_other_kinds_of_source_are_refused(source):
    with pytest.raises((InputError, SourceError)):
        open_video(source)


def test_an_empty_name_is_not_the_current_folder(clip, monkeypatch):
    monkeypatch.chdir(clip.parent)
    for ask in (open_video, videos_of):
        with pytest.raises(InputError, match="an empty name"):
            ask("")


def test_a_folder_that_cannot_be_listed_is_one_error(tmp_path, monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    assert videos_of(str(tmp_path)) == [str(tmp_path)]
    with pytest.raises(SourceError, match="cannot be listed: Permission denied"):
        open_video(tmp_path)


@pytest.mark.parametrize("name", ["", "/*.mp4"])
def test_a_name_that_stands_for_videos_is_not_said_to_hold_none(clip, name):
    with pytest.raises(SourceError, match=r"stands for 1 video.*clip\.mp4"):
        open_video(f"{clip.parent}{name}")


@pytest.mark.parametrize(
    "options",
    [
        *({"rate": 0}, {"rate": float("nan")}, {"threads": -1}, {"reconnect": -1}),
        *({"reconnect": float("nan")}, {"live": True}, {"size_wh": (64, 48)}),
    ],
)
def test_options_out_of_range_are_refused(clip, options):
    with pytest.raises(InputError):
        open_video(clip, **options)


def test_importing_costs_neither_pyav_nor_opencv():
    code = "import sys, bauta.video; print(sorted({'av', 'cv2'} & set(sys.modules)))"
    source = str(Path(__file__).parents[2] / "src")
    env = {**os.environ, "PYTHONPATH": source}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == "[]"
