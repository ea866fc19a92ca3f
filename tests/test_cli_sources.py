"""`bauta track` on everything that delivers pictures: several at once, live, piped in, cut down."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from servers import http, mjpeg

from bauta.demo.run import CLIP
from bauta.records import read_tracks
from bauta.video import VideoSink, open_video

FRAMES = 8
FRAGMENT = 60
"""Frames that a killed process may owe to its video: a fragment of a second, twice what the encoder
and the threads hold back."""


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """The first frames of the demo clip, half as large."""
    frames = []
    for frame in open_video(CLIP):
        frames.append(cv2.resize(frame.image, (320, 240), interpolation=cv2.INTER_AREA))
        if len(frames) == FRAMES:
            return frames
    raise AssertionError("the demo clip is longer")


@pytest.fixture
def clip(tmp_path, images) -> Path:
    with VideoSink(tmp_path / "face.mp4") as sink:
        for i, image in enumerate(images):
            sink.write(image, i / 25)
    return tmp_path / "face.mp4"


def frames_of(path: str | Path) -> list[int]:
    return [frame.index for frame in read_tracks(Path(path))]


def lines(path: str | Path) -> list[str]:
    return Path(path).read_text().splitlines()[1:]


def test_files_one_after_another_give_what_each_gives_alone(run, clip):
    shutil.copy(clip, "b.mp4")
    assert run("track", clip, "-o", "alone", "--save", "jsonl")[0] == 0
    code, out, err = run("track", clip, "b.mp4", "-o", "both", "--save", "jsonl")
    assert code == 0, err
    assert out.split() == ["both/face_faces.jsonl", "both/b_faces.jsonl"]
    for name in ("face", "b"):
        assert lines(f"both/{name}_faces.jsonl") == lines("alone/face_faces.jsonl")


def test_a_bad_file_among_others_is_said_and_the_others_are_followed(run, clip):
    Path("broken.mp4").write_text("not a film")
    code, out, err = run("track", "broken.mp4", clip, "none.mp4", "-o", "out", "--save", "jsonl")
    assert code == 1
    assert out.split() == ["out/face_faces.jsonl"]
    assert [line.split(":")[1] for line in err.splitlines() if line.startswith("bauta:")] == [
        " broken.mp4",
        " none.mp4",
    ]
    assert "2 of the sources failed" in err


def test_pictures_among_videos_that_are_smoothed_do_not_stop_them(run, clip):
    Path("shots").mkdir()
    cv2.imwrite("shots/grey.png", np.full((64, 64, 3), 90, np.uint8))
    code, out, err = run("track", "shots", clip, "-o", "out", "--save", "jsonl", "--offline")
    assert (code, out.split()) == (1, ["out/face_faces.jsonl"])
    assert "shots: has no frames ahead to look at; leave out --offline" in " ".join(err.split())


def test_a_wrong_option_is_said_once_for_all_sources(run, clip):
    shutil.copy(clip, "b.mp4")
    code, _, err = run("track", clip, "b.mp4", "--save", "gif")
    assert code == 1
    assert err.count("unknown 'gif'") == 1


def test_sources_whose_results_would_have_one_name_are_refused(run, clip):
    Path("deep").mkdir()
    shutil.copy(clip, "deep/face.mp4")
    code, out, err = run("track", clip, "deep/face.mp4", "-o", "out")
    assert (code, out) == (1, "")
    assert "deep/face.mp4: their results would have the same name" in err
    assert not Path("out").exists()


@pytest.mark.parametrize("source", ["films", "films/*.mp4", "film?/*"])
def test_a_folder_or_pattern_of_videos_is_its_videos_in_natural_order(run, clip, source):
    Path("films").mkdir()
    for name in ("take10.mp4", "take9.mp4", ".hidden.mp4"):
        Path(f"films/{name}").symlink_to(clip)  # results are named after the link
    Path("films/notes.txt").write_text("none of these")
    code, out, err = run("track", source, "-o", "out", "--save", "csv")
    assert code == 0, err
    assert out.split() == ["out/take9_faces.csv", "out/take10_faces.csv"]


def test_a_variable_that_is_not_set_is_not_the_current_folder(run, clip):
    code, out, err = run("track", "", "--save", "csv")
    assert (code, out) == (1, "")
    assert "source: an empty name" in err
    assert not list(Path().glob("*.csv"))


def test_a_pattern_without_matches_says_so(run):
    code, _, err = run("track", "films/*.xyz")
    assert code == 1
    assert "films/*.xyz: matches no picture and no video" in err


def test_a_video_that_changes_its_size_is_followed_across(run, images):
    sizes = [(320, 240)] * 4 + [(642, 512)] * 4
    for name, part in (("a", slice(4)), ("b", slice(4, 8))):
        with av.open(f"{name}.h264", "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height = sizes[part][0]
            for image in images[part]:
                large = cv2.resize(image, sizes[part][0])
                frame = av.VideoFrame.from_ndarray(large, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    Path("both.h264").write_bytes(Path("a.h264").read_bytes() + Path("b.h264").read_bytes())
    code, _, err = run("track", "both.h264", "--save", "jsonl,video")
    assert code == 0, err
    tracks = list(read_tracks("both_faces.jsonl"))
    assert [len(frame.faces) for frame in tracks] == [1] * 8
    widths = [float(np.ptp(frame.faces[0].box[::2])) for frame in tracks]
    assert widths[7] > 1.7 * widths[0]
    assert decoded(Path("both_faces.mp4")) == 8


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 1), (16, 1000)])
def test_a_video_of_any_size_is_followed(run, size_wh):
    with av.open("odd.mkv", "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height = size_wh
        stream.pix_fmt = "bgr0"
        picture = np.zeros((*size_wh[::-1], 3), np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    code, out, err = run("track", "odd.mkv", "--save", "jsonl,video,png")
    assert code == 0, err
    assert len(out.split()) == 3


class Webcam:
    """Cameras 0 and 1: the first frames of the clip, then nothing."""

    images: tuple[np.ndarray, ...] = ()

    def __init__(self, index: int) -> None:
        self.left = list(Webcam.images) if index in (0, 1) else []

    def isOpened(self):
        return bool(self.left)

    def read(self):
        time.sleep(0.02)
        return (True, self.left.pop(0)[..., ::-1].copy()) if self.left else (False, None)

    def get(self, what):
        return 320.0

    def set(self, what, value):
        return True

    def release(self):
        return


def test_webcams_are_followed_side_by_side(run, images, monkeypatch):
    monkeypatch.setattr(Webcam, "images", tuple(images))
    monkeypatch.setattr(cv2, "VideoCapture", Webcam)
    monkeypatch.setattr("bauta.video.camera.PATIENCE", 0.1)
    args = ("track", "0", "1", "-o", "out", "--save", "jsonl", "--reconnect", 0, "--model", "nano")
    code, out, err = run(*args, "--every-frame")
    assert code == 1  # both vanish in the end
    assert sorted(out.split()) == ["out/camera0_faces.jsonl", "out/camera1_faces.jsonl"]
    assert "camera 1: stopped delivering after 8 frames" in err
    for name in ("camera0", "camera1"):
        assert frames_of(f"out/{name}_faces.jsonl") == list(range(FRAMES))


def test_frames_of_a_live_source_that_were_left_out_are_counted(run, images, monkeypatch):
    monkeypatch.setattr(Webcam, "images", tuple(images) * 4)
    monkeypatch.setattr(cv2, "VideoCapture", Webcam)
    monkeypatch.setattr("bauta.video.camera.PATIENCE", 0.1)
    slow = "bauta.tracker.Tracker.__call__"
    monkeypatch.setattr(slow, lambda self, frame: (time.sleep(0.1), [])[1])
    _, _, err = run("track", "0", "--save", "jsonl", "--reconnect", 0)
    seen = frames_of("camera0_faces.jsonl")
    assert seen == sorted(set(seen))
    assert f"{32 - len(seen)} frames came while others were looked at: left out" in err
    assert seen[-1] == 31


def test_an_address_and_a_file_run_side_by_side(run, clip, images):
    with http(mjpeg(images, 0.02)) as url:
        port = url.rpartition(":")[2]
        args = ("--every-frame", "--reconnect", 0, "--save", "jsonl,video", "-o", "out")
        code, out, err = run("track", f"{url}/video?x=1", clip, *args)
    assert code == 1
    assert "ended after 8 frames" in err
    stem = f"out/127.0.0.1_{port}_video_faces"
    assert {f"{stem}.jsonl", f"{stem}.mp4", "out/face_faces.mp4"} < set(out.split())
    assert len(frames_of(f"{stem}.jsonl")) == len(frames_of("out/face_faces.jsonl")) == FRAMES
    header = json.loads(Path(f"{stem}.jsonl").read_text().splitlines()[0])
    assert header["size"] == [320, 240]


def bauta(*args: object, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "bauta", "track", *map(str, args)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, **options)


def test_raw_pictures_piped_in_are_followed(tmp_path, images):
    options = ("--size", "320x240", "--rate", "25", "--save", "jsonl,video", "-o", tmp_path)
    process = bauta("-", *options, stdin=subprocess.PIPE)
    _, err = process.communicate(b"".join(image.tobytes() for image in images), timeout=60)
    assert process.returncode == 0, err
    tracks = list(read_tracks(tmp_path / "stdin_faces.jsonl"))
    assert [frame.time for frame in tracks] == pytest.approx(np.arange(FRAMES) / 25)
    assert all(len(frame.faces) == 1 for frame in tracks)


@pytest.mark.parametrize(
    ("args", "match"),
    [
        (["clip.mp4", "--size", "3x4"], "--size: is said of raw pictures"),
        (["-", "--size", "large"], "expected WIDTHxHEIGHT"),
        (["clip.mp4", "--live"], "clip.mp4 is a file"),
        (["a.mp4", "b.mp4", "-o", "-"], "one source at a time"),
    ],
)
def test_options_that_do_not_fit_the_source_are_refused(run, clip, args, match):
    shutil.copy(clip, "clip.mp4")
    code, out, err = run("track", *args)
    assert (code, out) == (1, "")
    assert match in err


def test_cameras_are_listed_on_stdout(run, monkeypatch):
    from bauta.video import listing

    found = [
        listing.ListedCamera(0, "Built-in", (640, 480), 30.0),
        listing.ListedCamera(2, "Other", None, None),
    ]
    monkeypatch.setattr(listing, "list_cameras", lambda: found)
    code, out, _ = run("track", "--list-cameras")
    assert code == 0
    assert out.splitlines() == ["0\tBuilt-in\t640x480 30/s", "2\tOther\tcannot be opened"]


def wait_for(path: Path, count: int) -> None:
    """Until a file of tracks has so many frames."""
    limit = time.monotonic() + 60
    while not (path.exists() and path.read_bytes().count(b"\n") > count):
        assert time.monotonic() < limit, f"{path} did not grow"
        time.sleep(0.02)


def decoded(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_all_that_runs_side_by_side(tmp_path, images):
    with ExitStack() as stack:
        urls = [stack.enter_context(http(mjpeg(images * 1000, 0.02))) for _ in range(2)]
        process = bauta(*(f"{url}/a" for url in urls), "-o", tmp_path, text=True)
        stems = [f"127.0.0.1_{url.rpartition(':')[2]}_a_faces" for url in urls]
        for stem in stems:
            wait_for(tmp_path / f"{stem}.jsonl", 5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.count("interrupted") == 1
    assert "Traceback" not in err
    for stem in stems:
        count = len(frames_of(tmp_path / f"{stem}.jsonl"))
        assert count > 5
        assert decoded(tmp_path / f"{stem}.mp4") == count


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("after", [2, 70])
def test_kill_9_loses_no_more_than_what_is_in_flight(tmp_path, after):
    """Tracks: the frames between the threads. Video: also the last fragment of a second."""
    process = bauta(CLIP, "-o", tmp_path, "--model", "nano", "--no-fit", "--filter", "none")
    tracks = tmp_path / "clip_faces.jsonl"
    wait_for(tracks, after)
    process.kill()
    process.communicate(timeout=60)
    whole = tracks.read_bytes().rpartition(b"\n")[0].count(b"\n")
    assert whole >= after
    assert frames_of(tracks) == list(range(whole))  # a line cut off is left out, and is no error
    if after > FRAGMENT:
        assert decoded(tmp_path / "clip_faces.mp4") >= after - FRAGMENT
