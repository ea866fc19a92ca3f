"""`bauta render`: tracks drawn again, without a network, and tracks that do not fit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta.demo.run import CLIP
from bauta.records import JsonlWriter, read_tracks
from bauta.video import VideoSink, open_video

FRAMES = 8


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with the first frames of the demo clip, tracked and drawn."""
    folder = tmp_path_factory.mktemp("clip")
    with VideoSink(folder / "clip.mp4") as sink:
        for frame in open_video(CLIP):
            if frame.index == FRAMES:
                break
            sink.write(frame.image, frame.time)
    command = [sys.executable, "-m", "bauta", "track", "clip.mp4", "-o", "tracked"]
    subprocess.run([*command, "--draw", "points,wire,bars"], cwd=folder, check=True)
    return folder


@pytest.fixture
def run(run, home):
    """Run `bauta ARGS` in a folder with the clip and its tracks; (exit code, stdout, stderr)."""
    shutil.copy(home / "clip.mp4", "clip.mp4")
    shutil.copy(home / "tracked/clip_faces.jsonl", "tracks.jsonl")
    return run


def images(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_video(path)]


def test_the_drawing_is_that_of_track_but_for_the_milliseconds(run, home):
    code, out, err = run("render", "clip.mp4", "tracks.jsonl", "--draw", "points,wire,bars")
    assert (code, out) == (0, "clip_faces.mp4\n"), err
    assert f"{FRAMES} frames, a face in {FRAMES}" in err
    again, before = images(Path("clip_faces.mp4")), images(home / "tracked/clip_faces.mp4")
    plain = images(Path("clip.mp4"))
    assert len(again) == FRAMES
    for drawn, first, clip in zip(again, before, plain, strict=True):
        below = slice(100, None)  # the panel with the milliseconds is above
        apart = np.abs(drawn[below].astype(int) - first[below]).max(-1) > 60
        assert apart.mean() < 1e-3
        assert (np.abs(drawn[below].astype(int) - clip[below]).max(-1) > 60).mean() > 5e-3


def test_other_layers_are_drawn_without_tracking_again(run):
    run("render", "clip.mp4", "tracks.jsonl", "-o", "a", "--save", "png", "--draw", "box")
    run("render", "clip.mp4", "tracks.jsonl", "-o", "b", "--save", "png", "--draw", "mesh")
    first, second = (sorted(Path(name, "clip_faces").glob("*.png")) for name in "ab")
    assert len(first) == len(second) == FRAMES
    assert first[0].read_bytes() != second[0].read_bytes()


def test_no_network_is_loaded(home, tmp_path):
    code = (
        "import sys, bauta.cli as cli\n"
        f"sys.argv = ['bauta', 'render', {str(home / 'clip.mp4')!r},"
        f" {str(home / 'tracked/clip_faces.jsonl')!r}, '-o', {str(tmp_path)!r}]\n"
        "cli.main.__globals__['app'](standalone_mode=False)\n"
        "assert 'onnxruntime' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "clip_faces.mp4").exists()


def test_pictures_are_matched_by_name(run):
    Path("shots").mkdir()
    for k, image in enumerate(images(Path("clip.mp4"))[:3]):
        cv2.imwrite(f"shots/{k}.png", image[..., ::-1])
    assert run("track", "shots", "--save", "jsonl")[0] == 0
    code, out, _ = run("render", "shots", "shots_faces.jsonl")
    assert (code, out) == (0, "shots_faces\n")
    assert len(list(Path("shots_faces").glob("*.png"))) == 3
    Path("shots/1.png").unlink()
    code, _, err = run("render", "shots", "shots_faces.jsonl", "--force")
    assert code == 1
    assert "next record is of 1.png, the next picture is 2.png" in err


def retimed(source: str, path: str, factor: float = 1.0, size: object = None) -> None:
    """Tracks whose clock runs `factor` times as fast."""
    lines = [json.loads(line) for line in Path(source).read_text().splitlines()]
    lines[0]["size"] = size or lines[0]["size"]
    for line in lines[1:]:
        line["time"] *= factor
    Path(path).write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_tracks_of_another_clip_are_one_clear_error(run):
    retimed("tracks.jsonl", "fast.jsonl", 0.8)
    retimed("tracks.jsonl", "large.jsonl", size=[1920, 1080])
    with VideoSink("short.mp4") as sink:
        for frame in open_video("clip.mp4"):
            if frame.index < 3:
                sink.write(frame.image, frame.time)
    for clip, tracks, match in (
        ("clip.mp4", "fast.jsonl", "fast.jsonl: frame 1 is at 0.032 s, where clip.mp4 has none"),
        ("clip.mp4", "large.jsonl", "pictures of 1920 x 1080, but clip.mp4 has"),
        ("short.mp4", "tracks.jsonl", "but short.mp4 ends at"),
        ("clip.mp4", "clip.mp4", "not a file of tracks"),
        ("clip.mp4", "none.jsonl", "cannot be read"),
    ):
        code, _, err = run("render", clip, tracks, "--force")
        assert code == 1
        assert match in err
        assert err.count("bauta:") == 1


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([4] * 200, "200 faces with the id 4; each has one of its own"),
        ([-7], "an id is not a number of 0 to 2147483647"),
        ([10**320], "an id is not a number of 0 to 2147483647"),
    ],
)
def test_ids_that_are_none_are_one_clear_error(run, ids, words):
    lines = Path("tracks.jsonl").read_text().splitlines()
    record = json.loads(lines[2])
    record["faces"] = [record["faces"][0] | {"id": id} for id in ids]
    lines[2] = json.dumps(record)
    Path("tracks.jsonl").write_text("\n".join(lines) + "\n")
    code, out, err = run("render", "clip.mp4", "tracks.jsonl", "--draw", "points,bars")
    assert (code, out) == (1, "")
    assert f"tracks.jsonl, line 3: not a frame of tracks: {words}" in err


def test_frames_that_were_left_out_have_no_face_and_the_video_ends_with_the_tracks(run):
    with JsonlWriter("some.jsonl", read_tracks("tracks.jsonl").header) as writer:
        for frame in read_tracks("tracks.jsonl"):
            if frame.index in (0, 2, 4):
                writer.write(*frame)
    with open("some.jsonl", "ab") as file:
        file.write(b'{"frame": 5, "ti')
    code, _, err = run("render", "clip.mp4", "some.jsonl")
    assert code == 0
    assert "5 frames, a face in 3" in err
    assert "the last line is cut off" in err
    assert len(images(Path("clip_faces.mp4"))) == 5


@pytest.mark.parametrize("kind", ["jsonl", "gif"])
def test_only_pictures_are_rendered(run, kind):
    code, _, err = run("render", "clip.mp4", "tracks.jsonl", "--save", kind)
    assert code == 1
    assert f"unknown '{kind}'" in err


def test_pictures_do_not_go_to_stdout(run):
    code, out, err = run("render", "clip.mp4", "tracks.jsonl", "-o", "-")
    assert (code, out) == (1, "")
    assert "--out -: pictures need a folder" in err
    assert not Path("-").exists()
