import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from pyarrow import parquet

from bauta.checks import InputError, SinkError, SourceError
from bauta.records import (
    CsvWriter,
    Header,
    JsonlWriter,
    NpzWriter,
    ParquetWriter,
    open_writer,
    read_tracks,
)
from bauta.records.arrays import HEAD, Column
from bauta.records.columns import COLUMNS
from bauta.types import Pose
from faces import synthetic_face

HEADER = Header("clip.mp4", (640, 480), "base", {"max_faces": 2})
WRITERS = {
    ".jsonl": JsonlWriter,
    ".csv": CsvWriter,
    ".npz": NpzWriter,
    ".parquet": ParquetWriter,
}


def frames():
    """Four frames: one face, none, two, one."""
    a = [synthetic_face(yaw, 5, -3, (200 + yaw, 150), 140) for yaw in (0.0, 11.0, 22.0)]
    b = synthetic_face(-30, -10, 20, (420.123, 200.456), 90, id=1, score=0.51234)
    return [(0.0, 0, [a[0]]), (0.04, 1, []), (0.081, 2, [a[1], b]), (0.12, 5, [a[2]])]


def write_all(writer):
    with writer:
        for time, index, faces in frames():
            writer.write(time, index, faces)
    return writer.path


def test_jsonl_gives_back_what_was_written(tmp_path):
    tracks = read_tracks(write_all(JsonlWriter(tmp_path / "a.jsonl", HEADER)))
    assert (tracks.header.source, tracks.header.size) == ("clip.mp4", (640, 480))
    assert (tracks.header.model, tracks.header.details) == ("base", {"max_faces": 2})
    for _ in range(2):  # as often as wanted
        read = list(tracks)
        assert [(f.time, f.index) for f in read] == [(t, i) for t, i, _ in frames()]
        for frame, (_, _, faces) in zip(read, frames(), strict=True):
            assert [face.id for face in frame.faces] == [face.id for face in faces]
            for got, want in zip(frame.faces, faces, strict=True):
                for name in ("box", "mesh", "points68", "points68_3d"):
                    error = np.abs(getattr(got, name) - getattr(want, name)).max()
                    assert error <= 0.0051, name
                assert got.pose.angles == pytest.approx(want.pose.angles, abs=1e-3)
                assert got.score == pytest.approx(want.score, abs=5e-5)
                np.testing.assert_allclose(got.sigma["mesh478"], want.sigma["mesh478"], atol=5.1e-4)
    assert not tracks.truncated


def test_jsonl_keeps_the_matrix_of_the_pose(tmp_path):
    face = synthetic_face(10)
    matrix = np.eye(4)
    matrix[:3, 3] = 1.5, -2.25, 60.125
    object.__setattr__(face, "pose", Pose(face.pose.R_camera_head, matrix))
    with JsonlWriter(tmp_path / "a.jsonl") as writer:
        writer.write(0, 0, [face])
    (frame,) = read_tracks(writer.path)
    read = frame.faces[0].pose.matrix
    assert read is not None
    np.testing.assert_allclose(read, matrix, atol=1e-6)


def test_a_frame_of_one_face_stays_small(tmp_path):
    face = synthetic_face(20, 5, 3, (3000, 1500), 900)
    with JsonlWriter(tmp_path / "a.jsonl") as writer:
        writer.write(0, 0, [face])
    assert len(writer.path.read_bytes().splitlines()[1]) < 25_000


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_a_cut_off_last_line_loses_one_frame(tmp_path, cut):
    path = write_all(JsonlWriter(tmp_path / "a.jsonl"))
    path.write_bytes(path.read_bytes()[: -1 - cut])
    tracks = read_tracks(path)
    assert [frame.index for frame in tracks] == [0, 1, 2]
    assert tracks.truncated


def test_a_whole_last_line_without_its_end_is_read(tmp_path):
    path = write_all(JsonlWriter(tmp_path / "a.jsonl"))
    path.write_bytes(path.read_bytes()[:-1])
    tracks = read_tracks(path)
    assert len(list(tracks)) == 4
    assert not tracks.truncated


@pytest.mark.parametrize("change", [{"faces": [7]}, {"faces": 7}, {"frame": float("inf")}])
def test_values_of_another_kind_name_the_line(tmp_path, change):
    path = write_all(JsonlWriter(tmp_path / "a.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + json.dumps(json.loads(lines[1]) | change).encode() + b"\n")
    with pytest.raises(InputError, match="line 2: not a frame of tracks"):
        list(read_tracks(path))


def test_damage_in_the_middle_names_the_line(tmp_path):
    path = write_all(JsonlWriter(tmp_path / "a.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2][:9] + b"\n", *lines[3:]]))
    with pytest.raises(InputError, match="line 3"):
        list(read_tracks(path))
    record = json.loads(lines[1])
    record["faces"][0]["mesh"].pop()
    path.write_bytes(lines[0] + json.dumps(record).encode() + b"\n")
    with pytest.raises(InputError, match=r"line 2.*mesh.*478"):
        list(read_tracks(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a file of tracks"),
        (b"\xff\xd8\xff", "not a file of tracks"),
        (b'{"format":"other","version":1}\n', "not a file of tracks"),
        (b"[]\n", "not a file of tracks"),
        (b'{"format":"bauta-tracks","version":2}\n', "version 2"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_tracks(tmp_path / "a.jsonl")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match="gone"):
        read_tracks(tmp_path / "gone.jsonl")


def test_csv_has_a_row_a_face(tmp_path):
    path = write_all(CsvWriter(tmp_path / "a.csv"))
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["frame"], r["id"]) for r in rows] == [("0", "0"), ("2", "0"), ("2", "1"), ("5", "0")]
    face = frames()[2][2][1]
    row = {key: float(value) for key, value in rows[2].items() if value}
    assert [row["yaw"], row["pitch"], row["roll"]] == pytest.approx(face.pose.angles, abs=1e-3)
    assert [row["right_eye"], row["left_eye"]] == pytest.approx(face.eye_openness, abs=1e-4)
    points = np.array([[row[f"x{i}"], row[f"y{i}"]] for i in range(68)])
    np.testing.assert_allclose(points, face.points68[:, :2], atol=0.0051)


def test_csv_without_faces_is_its_header(tmp_path):
    with CsvWriter(tmp_path / "a.csv") as writer:
        writer.write(0, 0, [])
    assert writer.path.read_text() == ",".join(COLUMNS) + "\n"


def test_npz_holds_exact_arrays(tmp_path):
    path = write_all(NpzWriter(tmp_path / "a.npz", HEADER))
    faces = [face for _, _, faces in frames() for face in faces]
    with np.load(path) as file:
        table = dict(file)
    assert json.loads(str(table["header"]))["source"] == "clip.mp4"
    np.testing.assert_array_equal(table["time"], [t for t, _, _ in frames()])
    np.testing.assert_array_equal(table["index"], [0, 1, 2, 5])
    np.testing.assert_array_equal(table["frame"], [0, 2, 2, 3])  # rows of time
    np.testing.assert_array_equal(table["id"], [0, 0, 1, 0])
    for name in ("box", "mesh", "points68", "points68_3d"):
        np.testing.assert_array_equal(table[name], [getattr(face, name) for face in faces])
    np.testing.assert_array_equal(table["rotation"], [face.pose.R_camera_head for face in faces])


def test_npz_grows_in_a_folder_that_is_whole_after_every_frame(tmp_path):
    grown = tmp_path / "a.npz.parts"
    counts, table = [], {}
    with NpzWriter(tmp_path / "a.npz", HEADER) as writer:
        for time, index, faces in frames():
            writer.write(time, index, faces)
            table = {path.stem: np.load(path) for path in grown.iterdir()}
            counts.append((len(table["time"]), len(table["mesh"])))
    assert counts == [(1, 1), (2, 1), (3, 3), (4, 4)]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    with np.load(writer.path) as file:  # the folder was the file, unzipped
        assert file.keys() == table.keys()
        for name, values in table.items():
            np.testing.assert_array_equal(file[name], values)


def test_npz_says_its_rows_however_many_they_are(tmp_path):
    column = Column(tmp_path / "a.npy", "<f4", (478, 3))
    column.say(10**12)
    with open(tmp_path / "a.npy", "rb") as file:
        assert np.lib.format.read_magic(file) == (1, 0)
        read = np.lib.format.read_array_header_1_0(file)
        assert read == ((10**12, 478, 3), False, np.float32)
        assert file.tell() == HEAD
    column.close()


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from faces import synthetic_face
from bauta.records import open_writer
with open_writer(sys.argv[1]) as writer:
    for index in range(3):
        writer.write(index / 25, index, [synthetic_face(index)])
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_writer_leaves_all_frames(tmp_path, request):
    path = tmp_path / "a.jsonl"
    subprocess.run([sys.executable, "-c", KILLED, str(path), str(request.path.parent)], check=False)
    tracks = read_tracks(path)
    assert [frame.index for frame in tracks] == [0, 1, 2]
    assert not tracks.truncated


@pytest.mark.parametrize("ending", WRITERS)
def test_an_error_inside_keeps_what_was_written(tmp_path, ending):
    writer = open_writer(tmp_path / f"a{ending}")
    assert isinstance(writer, WRITERS[ending])

    def fail_midway():
        with writer:
            writer.write(0, 0, [synthetic_face()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_midway()
    path = tmp_path / f"a{ending}"
    if ending == ".npz":
        assert len(np.load(path)["id"]) == 1
    elif ending == ".parquet":
        assert parquet.read_metadata(path).num_rows == 1
    else:
        assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize("ending", WRITERS)
def test_existing_files_are_kept_unless_forced(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_text("precious")
    with pytest.raises(SinkError, match="exists"):
        open_writer(path)
    assert path.read_text() == "precious"
    open_writer(path, force=True).close()
    assert path.read_bytes() != b"precious"


@pytest.mark.parametrize("ending", WRITERS)
def test_frames_out_of_order_or_without_time_are_refused(tmp_path, ending):
    with open_writer(tmp_path / f"a{ending}") as writer:
        writer.write(0, 3, [])
        with pytest.raises(InputError, match="order"):
            writer.write(1, 3, [])
        with pytest.raises(InputError, match="finite"):
            writer.write(float("nan"), 4, [])
    writer.close()
    with pytest.raises(InputError, match="closed"):
        writer.write(2, 5, [])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
@pytest.mark.parametrize("kind", [JsonlWriter, CsvWriter])
def test_a_full_disk_is_named(kind):
    with pytest.raises(SinkError, match=r"/dev/full.*space"):
        kind("/dev/full", force=True)


def test_non_finite_numbers_are_never_written(tmp_path):
    face = synthetic_face()
    face.sigma["mesh478"] = np.full(478, np.inf, np.float32)
    with JsonlWriter(tmp_path / "a.jsonl") as writer, pytest.raises(InputError, match="sigma"):
        writer.write(0, 0, [face])
    assert len(writer.path.read_text().splitlines()) == 1


def test_unknown_endings_and_taken_names_are_refused(tmp_path):
    with pytest.raises(InputError, match="ending"):
        open_writer(tmp_path / "a.txt")
    with pytest.raises(InputError, match="version"):
        JsonlWriter(tmp_path / "a.jsonl", Header(details={"version": 3}))
    assert list(tmp_path.iterdir()) == []
