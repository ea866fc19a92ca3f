"""Parquet and OpenFace's columns as they are tracked, and what is left when writing fails."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from bauta.assets.face import face_model
from bauta.checks import InputError, SinkError
from bauta.demo import clip_path
from bauta.export import animation_of
from bauta.export.openface import to_openface_csv
from bauta.records import (
    CsvWriter,
    Header,
    JsonlWriter,
    ParquetWriter,
    TrackedFrame,
    read_tracks,
    to_dataframe,
)
from bauta.video.source import open_video
from demo_tracks import demo_tracks
from faces import synthetic_face


@pytest.fixture(scope="module")
def tracked() -> list[TrackedFrame]:
    """Six frames of the demo clip, with the fit."""
    return demo_tracks(6)


def test_parquet_holds_the_table_and_the_arrays(tracked, tmp_path):
    with ParquetWriter(tmp_path / "a.parquet", Header("clip.mp4", (640, 480))) as writer:
        for frame in [*tracked, TrackedFrame(1.0, 10, []), TrackedFrame(2.0, 11, [_no_mesh()])]:
            writer.write(*frame)
    table = parquet.read_table(tmp_path / "a.parquet")
    assert os.listdir(tmp_path) == ["a.parquet"]
    assert json.loads(table.schema.metadata[b"bauta"])["source"] == "clip.mp4"
    frame = table.to_pandas()
    assert frame["frame"].tolist() == [0, 1, 2, 3, 4, 5, 11]
    want = to_dataframe(tracked)
    for name in ("time", "yaw", "tz", "jawOpen", "gaze_up", "left"):
        np.testing.assert_allclose(frame[name][:6], want[name], rtol=1e-6)
    face = tracked[2].faces[0]
    assert face.pose.matrix is not None
    np.testing.assert_array_equal(np.reshape(frame["mesh"][2], (478, 3)), face.mesh)
    np.testing.assert_array_equal(np.reshape(frame["matrix"][2], (4, 4)), face.pose.matrix)
    assert frame["mesh"][6] is None
    assert np.isnan(frame["tz"][6])


def _no_mesh():
    return replace(synthetic_face(), mesh=np.zeros((0, 3)), sigma={})


def test_parts_are_whole_files_and_are_put_together_in_order(tracked, tmp_path):
    path = tmp_path / "a.parquet"
    writer = ParquetWriter(path, every=0)
    for frame in tracked:
        writer.write(*frame)
    assert not path.exists()
    assert parquet.read_table(tmp_path / "a.parquet.parts").num_rows == 6  # as left by a kill
    with pytest.raises(SinkError, match="interrupted run"):
        ParquetWriter(path)
    writer.close()
    writer.close()
    assert parquet.read_table(path)["frame"].to_pylist() == list(range(6))
    assert not (tmp_path / "a.parquet.parts").exists()


def test_parts_of_an_interrupted_run_are_replaced_with_force(tmp_path):
    killed = ParquetWriter(tmp_path / "a.parquet", every=0)
    for k in range(3):
        killed.write(k / 25, k, [synthetic_face()])
    with ParquetWriter(tmp_path / "a.parquet", force=True) as writer:
        writer.write(0.0, 0, [synthetic_face()])
    assert parquet.read_table(tmp_path / "a.parquet").num_rows == 1


def test_without_pyarrow_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r'pip install "bauta\[parquet\]"'):
        ParquetWriter(tmp_path / "a.parquet")
    assert not os.listdir(tmp_path)


def test_openface_columns_as_tracked_agree_with_those_exported(tracked, tmp_path):
    """Of the last frame: exported tracks have one identity, the one known at the end."""
    with CsvWriter(tmp_path / "a.csv", columns="openface") as writer:
        for frame in [*tracked, TrackedFrame(9.0, 9, [synthetic_face()])]:
            writer.write(*frame)
    assert writer.left_out == 1
    with JsonlWriter(tmp_path / "a.jsonl", Header(size=(640, 480))) as lines:
        for frame in tracked:
            lines.write(*frame)
    exported = to_openface_csv(animation_of(read_tracks(tmp_path / "a.jsonl"), face_model()))
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    want = list(csv.DictReader(exported.decode().splitlines()))
    assert list(rows[0]) == list(want[0])
    assert [row["frame"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    for name, value in want[5].items():
        assert float(rows[5][name]) == pytest.approx(float(value), abs=0.11), name


LIMITED = """
import resource, sys
from bauta import cli
resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
sys.argv = ["bauta", "track", CLIP, "-o", OUT, "--save", KIND]
cli.main()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_FSIZE")
@pytest.mark.parametrize(
    ("kind", "limit"),
    [("jsonl", 200_000), ("csv", 20_000), ("video", 300_000), ("npz", 100_000), ("png", 100_000)],
)
def test_when_there_is_no_more_room_what_was_written_stays_good(tmp_path, kind, limit):
    """Files may not grow beyond a limit: writing fails in the middle, as on a full disk."""
    code = LIMITED.replace("LIMIT,", f"{limit},").replace("LIMIT)", f"{limit})")
    code = code.replace("CLIP", repr(str(clip_path()))).replace("OUT", repr(str(tmp_path)))
    code = code.replace("KIND", repr(kind))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("bauta:") == 1
    assert "cannot be written: File too large; free some space" in done.stderr
    assert "Traceback" not in done.stderr
    if kind == "jsonl":
        tracks = read_tracks(tmp_path / "clip_faces.jsonl")
        assert len(list(tracks)) >= 5
        assert not tracks.truncated  # the line that did not fit was taken back
    elif kind == "csv":
        text = (tmp_path / "clip_faces.csv").read_text()
        assert text.endswith("\n")
        assert len({line.count(",") for line in text.splitlines()}) == 1
        assert len(text.splitlines()) > 5
    elif kind == "png":
        assert not list((tmp_path / "clip_faces").iterdir())  # every frame is larger than that
    elif kind == "npz":
        with np.load(tmp_path / "clip_faces.npz") as arrays:
            assert len(arrays["time"]) >= 0
    else:
        video = list(open_video(tmp_path / "clip_faces.mp4"))
        assert 25 <= len(video) < 220
    assert not list(tmp_path.rglob(".*"))


PARTS = """
import resource, sys
from bauta.records import ParquetWriter
from faces import synthetic_face
writer = ParquetWriter(sys.argv[1], every=0)
for k in range(20):
    writer.write(k / 25, k, [synthetic_face(yaw=k)])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
writer.close()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_FSIZE")
def test_parts_that_cannot_be_put_together_stay(tmp_path):
    command = [sys.executable, "-c", PARTS, str(tmp_path / "a.parquet")]
    where = {"PYTHONPATH": os.pathsep.join(["src", "tests", os.environ.get("PYTHONPATH", "")])}
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=root, env={**os.environ, **where}
    )
    assert done.returncode == 1
    assert "a.parquet.parts holds what could be written" in done.stderr
    assert os.listdir(tmp_path) == ["a.parquet.parts"]
    assert parquet.read_table(tmp_path / "a.parquet.parts").num_rows == 20


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a folder where nobody may write")
def test_a_folder_that_cannot_be_made_is_one_clear_error(run):
    code, out, err = run("track", clip_path(), "-o", "/proc/nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("bauta: /proc/nowhere: cannot be written:")
    assert err.count("bauta:") == 1


def bauta(*arguments: str, **more: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "bauta", "track", str(clip_path()), *arguments]
    return subprocess.Popen(command, text=True, stderr=subprocess.PIPE, **more)  # type: ignore[call-overload]


def test_stdout_carries_only_data():
    with bauta("-o", "-", stdout=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["format"] == "bauta-tracks"
    assert [line["frame"] for line in lines[1:]] == list(range(220))
    assert "220 frames" in err


def test_a_reader_that_goes_away_is_one_clear_error():
    with bauta("-o", "-", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["format"] == "bauta-tracks"
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(60)
    assert process.returncode == 1
    assert "bauta: stdout: was closed by the program that reads it" in err
    assert err.count("bauta:") == 1
    assert "Exception" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_closes_a_parquet_file(tmp_path):
    with bauta("-o", str(tmp_path), "--save", "jsonl,parquet") as process:
        lines = tmp_path / "clip_faces.jsonl"
        limit = time.monotonic() + 60
        while time.monotonic() < limit and not (
            lines.exists() and lines.read_bytes().count(b"\n") > 10
        ):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 130
    rows = parquet.read_table(tmp_path / "clip_faces.parquet").num_rows
    assert rows == sum(len(frame.faces) for frame in read_tracks(lines)) > 5


@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with bauta("-o", str(tmp_path / "out")) as process:
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert err.count("bauta:") == 1
    assert "Permission denied" in err


@pytest.mark.parametrize("kinds", ["video", "jsonl,csv", "npz"])
def test_only_lines_go_to_stdout(run, kinds):
    code, out, err = run("track", clip_path(), "-o", "-", "--save", kinds)
    assert (code, out) == (1, "")
    assert "--out -: expected jsonl or csv alone" in err


def test_openface_columns_need_the_fit(run):
    common = ("track", clip_path(), "--save", "csv", "--csv-columns")
    code, _, err = run(*common, "openface", "--no-fit")
    assert code == 1
    assert "needs the face model" in err
    code, _, err = run(*common, "affectiva")
    assert code == 1
    assert "unknown 'affectiva'" in err
    assert not list(Path().iterdir())
