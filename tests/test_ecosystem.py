"""Results in other libraries' hands: plain dictionaries, pickles, pandas, supervision."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.records import Header, JsonlWriter, TrackedFrame, read_tracks, to_dataframe
from bauta.records.columns import COLUMNS
from bauta.types import FaceState
from demo_tracks import demo_tracks
from faces import synthetic_face


@pytest.fixture(scope="module")
def tracked() -> list[TrackedFrame]:
    """Four frames of the demo clip, with the fit."""
    return demo_tracks(4)


def same(a: FaceState, b: FaceState) -> bool:
    assert a.fit is not None
    assert b.fit is not None
    arrays = [
        *((getattr(a, name), getattr(b, name)) for name in ("box", "mesh", "points68")),
        (a.pose.matrix, b.pose.matrix),
        (a.fit.camera.K, b.fit.camera.K),
        (a.sigma["mesh478"], b.sigma["mesh478"]),
    ]
    plain = (a.id, a.time, a.blendshapes, a.blink) == (b.id, b.time, b.blendshapes, b.blink)
    return plain and all(np.array_equal(x, y) for x, y in arrays)


def test_a_face_as_a_dictionary_is_json_and_says_what_a_line_of_jsonl_says(tracked, tmp_path):
    face = tracked[3].faces[0]
    record = json.loads(json.dumps(face.to_dict(), allow_nan=False))
    assert record["time"] == pytest.approx(face.time)
    assert record["yaw"] == pytest.approx(face.pose.yaw, abs=1e-3)
    assert record["fit"]["blendshapes"]["jawOpen"] == round(face.blendshapes["jawOpen"], 4)
    with JsonlWriter(tmp_path / "a.jsonl") as writer:
        writer.write(face.time, 3, [face])
    line = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[1])
    del record["time"]
    assert line["faces"] == [record]


@pytest.mark.parametrize("through", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_results_travel_between_processes(tracked, through):
    frame = through(tracked[2])
    assert (frame.time, frame.index) == (tracked[2].time, 2)
    assert same(frame.faces[0], tracked[2].faces[0])
    assert frame.faces[0].points("wflw98").shape == (98, 3)


def test_a_table_has_a_row_a_face_and_the_columns_of_csv(tracked, tmp_path):
    pytest.importorskip("pandas")
    two = TrackedFrame(9.0, 9, [synthetic_face(id=4), synthetic_face(id=7, yaw=20)])
    table = to_dataframe([*tracked, TrackedFrame(8.0, 8, []), two])
    assert tuple(table.columns) == COLUMNS
    assert table["frame"].tolist() == [0, 1, 2, 3, 9, 9]
    assert table["id"].tolist()[-2:] == [4, 7]
    face = tracked[1].faces[0]
    assert table["jawOpen"].tolist()[1] == face.blendshapes["jawOpen"]
    assert table["x30"].tolist()[1] == face.points68[30, 0]
    assert table["tz"].isna().tolist() == [False] * 4 + [True] * 2  # no fit, no centimetres
    with JsonlWriter(tmp_path / "a.jsonl", Header("clip")) as writer:
        writer.write(*tracked[0])
    read = read_tracks(tmp_path / "a.jsonl").to_dataframe()
    assert read["tz"].tolist()[0] == pytest.approx(table["tz"].tolist()[0], abs=1e-3)
    assert len(TrackedFrame(0.0, 0, []).to_dataframe()) == 0


def test_supervision_gets_boxes_ids_and_points(tracked):
    pytest.importorskip("supervision", reason="supervision is not a dependency; install it to run")
    two = TrackedFrame(0.0, 0, [synthetic_face(id=4), synthetic_face(id=7, yaw=20)])
    detections, points = two.to_supervision()
    assert detections.tracker_id.tolist() == [4, 7]
    np.testing.assert_allclose(detections.xyxy[1], two.faces[1].box)
    assert points.xy.shape == (2, 478, 2)
    np.testing.assert_allclose(points.xy[0], two.faces[0].mesh[:, :2])
    assert tracked[0].to_supervision("ibug68")[1].xy.shape == (1, 68, 2)
    assert len(TrackedFrame(0.0, 0, []).to_supervision()[0]) == 0


@pytest.mark.parametrize("name", ["pandas", "supervision"])
def test_a_missing_library_is_named_with_what_to_install(monkeypatch, name):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    frame = TrackedFrame(0.0, 0, [synthetic_face()])
    with pytest.raises(InputError, match=rf"needs {name}; pip install"):
        frame.to_dataframe() if name == "pandas" else frame.to_supervision()
