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
from types import SimpleNamespace

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
    NpzWriter,
    ParquetWriter,
    TrackedFrame,
    open_writer,
    parts_of,
    read_tracks,
    to_dataframe,
)
from bauta.records import parquet as tables
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


def test_parts_are_whole_files_and_are_put_together_in_order(tracked, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PART_ROWS", 4)
    monkeypatch.setattr(tables, "GROUP_ROWS", 5)
    path = tmp_path / "a.parquet"
    writer = ParquetWriter(path, every=0)
    for done, frame in enumerate(tracked, start=1):
        writer.write(*frame)
        assert parquet.read_table(tmp_path / "a.parquet.parts").num_rows == done  # left by a kill
    assert len(os.listdir(tmp_path / "a.parquet.parts")) == 2
    assert not path.exists()
    with pytest.raises(SinkError, match="interrupted run"):
        ParquetWriter(path)
    writer.close()
    writer.close()
    assert parquet.read_table(path)["frame"].to_pylist() == list(range(6))
    assert parquet.read_metadata(path).num_row_groups == 1
    assert not (tmp_path / "a.parquet.parts").exists()


def test_rows_are_on_the_disk_after_a_second(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(tables, "clock", SimpleNamespace(monotonic=lambda: now[0]))
    writer = ParquetWriter(tmp_path / "a.parquet")
    parts = parts_of(writer.path)
    for k in range(76):
        now[0] = k / 25
        writer.write(k / 25, k, [synthetic_face()])
        there = parquet.read_table(parts).num_rows if os.listdir(parts) else 0
        assert k + 1 - there <= 25
    writer.close()
    assert parquet.read_metadata(tmp_path / "a.parquet").num_row_groups == 1


@pytest.mark.parametrize("writer", [NpzWriter, ParquetWriter])
def test_an_old_table_is_gone_once_another_is_begun(tmp_path, writer):
    """Else a process that is killed would leave old results beside the parts of the new ones."""
    path = tmp_path / "a.table"
    path.write_text("old")
    with writer(path, force=True) as table:
        table.write(0.0, 0, [synthetic_face()])
        assert not path.exists()
    assert path.exists()


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_parts_of_an_interrupted_run_are_replaced_with_force_only(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(tables, "PART_ROWS", 1)
    path, parts = tmp_path / f"a.{ending}", tmp_path / f"a.{ending}.parts"
    killed = open_writer(path)
    for k in range(3):
        killed.write(k / 25, k, [synthetic_face()])
    left = {part.name: part.read_bytes() for part in parts.iterdir()}
    with pytest.raises(SinkError, match="interrupted run"):
        open_writer(path)
    assert {part.name: part.read_bytes() for part in parts.iterdir()} == left
    with open_writer(path, force=True) as writer:
        writer.write(0.0, 0, [synthetic_face()])
    assert os.listdir(tmp_path) == [path.name]
    table = np.load(path)["id"] if ending == "npz" else parquet.read_table(path)
    assert len(table) == 1


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_an_empty_folder_of_parts_is_in_nobodys_way(tmp_path, ending):
    (tmp_path / f"a.{ending}.parts").mkdir()
    open_writer(tmp_path / f"a.{ending}").close()
    assert os.listdir(tmp_path) == [f"a.{ending}"]


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
    count = sum(len(frame.faces) for frame in read_tracks(lines))
    assert count > 5
    assert 0 <= count - rows <= 1  # interrupted while the frame was handed to one after the other
    assert not parts_of(tmp_path / "clip_faces.parquet").exists()


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


@pytest.mark.parametrize("save", [[], ["--save", "jsonl"]])
def test_openface_columns_are_said_of_csv_only(run, save):
    code, _, err = run("track", clip_path(), *save, "--csv-columns", "openface")
    assert code == 1
    assert "--csv-columns openface: is said of csv; add csv to --save" in err
    assert not list(Path().iterdir())
