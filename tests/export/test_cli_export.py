"""`bauta export` as a user meets it."""

import subprocess
import sys

import numpy as np
import pytest

from bauta.records import Header, JsonlWriter
from bauta.video import VideoSink
from faces import synthetic_face
from glb_reader import Glb
from moving_head import HEIGHT, WIDTH, fitted, moving_head


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """clip.mp4 of five grey frames and its tracks, of which frame 0 has no face."""
    folder, animation = tmp_path_factory.mktemp("export"), moving_head(5)
    header = Header("clip.mp4", (WIDTH, HEIGHT), "base")
    with JsonlWriter(folder / "clip.jsonl", header) as writer:
        writer.write(0.0, 0, [])
        for row in range(4):
            writer.write(0.04 * (row + 1), row + 1, [fitted(animation, row, animation.size)])
    with JsonlWriter(folder / "points.jsonl", header) as writer:
        writer.write(0.0, 0, [synthetic_face()])
    with VideoSink(folder / "clip.mp4") as sink:
        for k in range(5):
            sink.write(np.full((HEIGHT, WIDTH, 3), 120, np.uint8), 0.04 * k)
    return folder


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "bauta", "export", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("format", "name", "start"),
    [
        ("glb", "clip.glb", b"glTF"),
        ("obj", "clip.obj", b"# bauta"),
        ("ply", "clip.ply", b"ply\n"),
        ("livelink", "clip.livelink.csv", b"Timecode,"),
        ("openface", "clip.openface.csv", b"frame,face_id"),
        ("bvh", "clip.bvh", b"HIERARCHY"),
    ],
)
def test_every_format_is_written_beside_the_tracks(folder, format, name, start):
    done = run(folder, "clip.jsonl", "--format", format, "--force")
    assert done.returncode == 0, done.stderr
    assert done.stdout == name + "\n"
    assert "face 2 in 4 frames" in done.stderr
    assert (folder / name).read_bytes().startswith(start)


def test_a_texture_is_taken_from_the_video(folder):
    pytest.importorskip("numba", reason="textures need numba")
    done = run(
        folder,
        *("clip.jsonl", "--texture", "clip.mp4", "--frame", "2", "-o", "out/textured.glb"),
    )
    assert done.returncode == 0, done.stderr
    glb = Glb((folder / "out/textured.glb").read_bytes())
    assert glb.view(glb.scene["images"][0]["bufferView"]).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("missing.jsonl",), "missing.jsonl"),
        (("clip.mp4", "-o", "x.glb"), "not a file of tracks"),
        (("points.jsonl",), "track the video again"),
        (("clip.jsonl", "-f", "fbx"), "choose one of glb, obj"),
        (("clip.jsonl", "-f", "obj", "-o", "x.glb"), "its ending says glb"),
        (("clip.jsonl", "-o", "x.csv"), "give --format"),
        (("clip.jsonl", "--id", "9", "-o", "x.glb"), "choose one of 2"),
        (("clip.jsonl", "-f", "obj", "--frame", "0", "-o", "x.obj"), "1 to 4"),
        (("clip.jsonl", "-f", "bvh", "--frame", "2", "-o", "x.bvh"), "--frame"),
        (("clip.jsonl", "-f", "obj", "--texture", "clip.mp4"), "only a glb"),
        (("clip.jsonl", "--texture", "clip.jsonl", "-o", "x.glb"), "clip.jsonl"),
    ],
)
def test_errors_are_one_line_and_write_nothing(folder, arguments, says):
    before = set(folder.iterdir())
    done = run(folder, *arguments)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert set(folder.iterdir()) == before


def test_the_ending_says_the_format(folder):
    done = run(folder, "clip.jsonl", "-o", "said.obj")
    assert done.returncode == 0, done.stderr
    assert (folder / "said.obj").read_bytes().startswith(b"# bauta")
    done = run(folder, "clip.jsonl", "-o", "said.openface.csv")
    assert (folder / "said.openface.csv").read_bytes().startswith(b"frame,face_id")
    assert done.returncode == 0, done.stderr


def test_an_existing_file_is_kept(folder):
    target = folder / "kept.bvh"
    target.write_text("mine")
    done = run(folder, "clip.jsonl", "-f", "bvh", "-o", "kept.bvh")
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert target.read_text() == "mine"


def test_a_video_of_another_size_is_refused(folder):
    with VideoSink(folder / "small.mp4") as sink:
        for k in range(5):
            sink.write(np.full((96, 128, 3), 90, np.uint8), 0.04 * k)
    done = run(folder, "clip.jsonl", "--texture", "small.mp4", "-o", "x.glb")
    assert done.returncode == 1
    assert "is it the video that was tracked?" in done.stderr
