"""Every example runs as its first lines say, on the demo clip, and does what it claims."""

from __future__ import annotations

import csv
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from bauta.assets.store import read_model
from bauta.demo import clip_path
from bauta.video import VideoSink, open_video
from glb_reader import Glb

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with a short and a longer cut of the demo clip, and its first picture."""
    folder = tmp_path_factory.mktemp("examples")
    frames = [frame for frame in open_video(clip_path()) if frame.index < 55]
    for name, count in (("clip.mp4", 16), ("learn.mp4", 55)):
        with VideoSink(folder / name) as sink:
            for frame in frames[:count]:
                sink.write(frame.image, frame.time)
    cv2.imwrite(str(folder / "photo.jpg"), frames[0].image[..., ::-1])
    return folder


@pytest.fixture
def example(home, tmp_path):
    """Run an example in a folder with the clips; returns what it printed."""
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)

    def call(name: str, *arguments: str) -> str:
        command = [sys.executable, str(EXAMPLES / name), *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_image(example, tmp_path):
    out = example("00_image.py", "photo.jpg")
    assert "face 0: score" in out
    assert "cm away" in out
    drawn, plain = cv2.imread(str(tmp_path / "faces.png")), cv2.imread(str(tmp_path / "photo.jpg"))
    assert drawn is not None
    assert plain is not None
    assert (np.abs(drawn.astype(int) - plain).max(-1) > 60).mean() > 0.005


def test_webcam(example):
    """A clip stands in for the camera."""
    out = example("01_webcam.py", "clip.mp4")
    assert "to look at: http://127.0.0.1:" in out
    assert "0.00 s  yaw" in out


def test_csv(example, tmp_path):
    example("02_csv.py", "clip.mp4", "table.csv")
    with open(tmp_path / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    assert float(rows[3]["time"]) == pytest.approx(3 / 25, abs=1e-3)
    assert 0 <= float(rows[3]["jawOpen"]) <= 1


def test_many_people(example, tmp_path):
    with VideoSink(tmp_path / "two.mp4") as sink:
        for frame in open_video(tmp_path / "clip.mp4"):
            small = frame.image[::2, ::2]
            sink.write(np.ascontiguousarray(np.hstack([small, small])), frame.time)
    lines = example("03_many_people.py", "two.mp4").splitlines()
    assert [line.split(",")[0] for line in lines] == ["person 0: 16 frames", "person 1: 16 frames"]


def test_own_filter(example):
    words = example("04_own_filter.py", "learn.mp4").split()
    raw, smooth = float(words[1]), float(words[-2])
    assert 0 < smooth < 0.9 * raw


def test_mesh_to_gltf(example, tmp_path):
    assert "16 frames of person 0" in example("05_mesh_to_gltf.py", "clip.mp4", "head.glb")
    glb = Glb((tmp_path / "head.glb").read_bytes())
    assert "jawOpen" in glb.scene["meshes"][0]["extras"]["targetNames"]
    sampler = glb.scene["animations"][0]["samplers"][0]
    assert len(glb.values(sampler["input"])) == 16


def test_calibrate(example):
    before, after = example("06_calibrate.py", "learn.mp4", "clip.mp4").splitlines()
    first = {line.split()[0]: float(line.split()[2]) for line in (before, after)}
    assert first["after"] < first["before"]


def test_own_model(example, tmp_path):
    """The smaller model that ships stands in for somebody's own."""
    (tmp_path / "my.onnx").write_bytes(read_model("nano"))
    out = example("07_own_model.py", "clip.mp4", "my.onnx")
    assert "found in 16 frames, base in 16" in out
    assert 0 < float(out.splitlines()[1].split()[0]) < 6


def test_batch(example, tmp_path):
    (tmp_path / "clips").mkdir()
    for name in ("a", "b"):
        shutil.copy(tmp_path / "clip.mp4", tmp_path / "clips" / f"{name}.mp4")
    out = example("08_batch.py", "clips", "results")
    assert "2 clips, 2 to do" in out
    assert "a.mp4: 16 faces" in out
    with np.load(tmp_path / "results" / "b.npz") as arrays:
        assert arrays["mesh"].shape == (16, 478, 3)
    assert "2 clips, 0 to do" in example("08_batch.py", "clips", "results")


USAGE = "usage: python examples/"
WRONG = [
    ("00_image.py", "", USAGE),
    ("00_image.py", "a.jpg b.jpg", USAGE),
    ("00_image.py", "none.jpg", "none.jpg: not a picture"),
    ("01_webcam.py", "0 1", USAGE),
    ("01_webcam.py", "none.mp4", "none.mp4: no such file"),
    ("02_csv.py", "", USAGE),
    ("02_csv.py", "clip.mp4", USAGE),
    ("02_csv.py", "none.mp4 table.csv", "none.mp4: no such file"),
    ("02_csv.py", "clip.mp4 none/table.csv", "No such file or directory: 'none/table.csv'"),
    ("03_many_people.py", "", USAGE),
    ("03_many_people.py", "none.mp4", "none.mp4: no such file"),
    ("04_own_filter.py", "", USAGE),
    ("04_own_filter.py", "none.mp4", "none.mp4: no such file"),
    ("05_mesh_to_gltf.py", "clip.mp4", USAGE),
    ("05_mesh_to_gltf.py", "none.mp4 head.glb", "none.mp4: no such file"),
    ("06_calibrate.py", "clip.mp4", USAGE),
    ("06_calibrate.py", "none.mp4 clip.mp4", "none.mp4: no such file"),
    ("07_own_model.py", "clip.mp4", USAGE),
    ("07_own_model.py", "clip.mp4 none.onnx", "none.onnx: cannot read the model"),
    ("07_own_model.py", "clip.mp4 face", "choose one of base, nano"),
    ("08_batch.py", "clips", USAGE),
    ("08_batch.py", "none results", "none: not a folder"),
    ("08_batch.py", "clips clip.mp4", "File exists: 'clip.mp4'"),
]
"""Examples, wrong arguments, and what is said of them."""


@pytest.mark.parametrize(("name", "arguments", "said"), WRONG)
def test_wrong_arguments_are_one_line_and_leave_nothing(
    home, tmp_path, monkeypatch, name, arguments, said
):
    monkeypatch.chdir(tmp_path)
    shutil.copy(home / "clip.mp4", "clip.mp4")
    Path("clips").mkdir()
    monkeypatch.setattr(sys, "argv", [name, *arguments.split()])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    line = str(stop.value)
    assert said in line
    assert len(line.splitlines()) == 1
    assert sorted(path.name for path in Path().iterdir()) == ["clip.mp4", "clips"]


def test_no_example_is_left_out():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    text = Path(__file__).read_text()
    assert {name for name in names if f'example("{name}"' in text} == names
    assert {name for name, *_ in WRONG} == names
    assert sorted(name[:2] for name in names) == [f"0{k}" for k in range(9)]
