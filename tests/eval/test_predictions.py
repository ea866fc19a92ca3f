import numpy as np
import pytest

from bauta.checks import InputError, SourceError
from bauta.eval import predictions, truth
from labelled import grid, sample, shifted


def test_a_file_gives_back_what_was_saved(tmp_path):
    faces = [
        sample("a", grid(68), "ibug68", person="x", attributes={"smile": True, "kind": "tv"}),
        sample("b", grid(68), "ibug68", subset="test", pose=(1.0, 2.0, 3.0)),
    ]
    made = shifted(
        faces,
        "ibug68",
        [1.0, None],
        header={"model": "m", "crops": "truth"},
        truth=truth.read(faces),
        pose=np.zeros((2, 3), np.float32),
        sigma={"ibug68": np.ones((2, 68), np.float32)},
    )
    path = tmp_path / "m.npz"
    predictions.save(path, made)
    back = predictions.load(path)
    assert back.names.tolist() == ["a", "b"]
    assert back.found.tolist() == [True, False]
    assert back.header == {"model": "m", "crops": "truth"}
    assert back.label == "m, truth"
    assert np.array_equal(back.points["ibug68"], made.points["ibug68"], equal_nan=True)
    assert back.truth is not None
    assert back.truth.person.tolist() == ["x", ""]
    assert back.truth.pose[1].tolist() == [1.0, 2.0, 3.0]
    assert back.truth.attributes["kind"].tolist() == ["tv", ""]
    assert np.array_equal(back.truth.points["ibug68"][0], grid(68).astype(np.float32))


def test_a_foreign_tracker_needs_header_names_and_points_only(tmp_path):
    path = tmp_path / "other.npz"
    head = '{"format": "bauta-predictions", "version": 1, "model": "other"}'
    arrays: dict = {"points.ibug68": np.zeros((1, 68, 2))}
    np.savez(path, header=np.array(head), name=np.array(["a"]), **arrays)
    assert predictions.load(path).label == "other"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": np.array(["a", "a"])}, "names repeat"),
        ({"points.ibug68": np.zeros((2, 67, 2))}, "points.ibug68"),
        ({"points.ibug99": np.zeros((2, 99, 2))}, "ibug99"),
        ({"header": np.array('{"format": "other", "version": 1}')}, "version 1"),
        ({"box": np.zeros((3, 4))}, "box"),
    ],
)
def test_damage_is_named(tmp_path, change, message):
    head = '{"format": "bauta-predictions", "version": 1}'
    arrays: dict = {
        "header": np.array(head),
        "name": np.array(["a", "b"]),
        "points.ibug68": np.zeros((2, 68, 2)),
    }
    path = tmp_path / "bad.npz"
    np.savez(path, **(arrays | change))
    with pytest.raises(InputError, match=message):
        predictions.load(path)


def test_what_is_no_such_file_is_said(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        predictions.load(tmp_path / "none.npz")
    text = tmp_path / "text.npz"
    for content in (b"no arrays", b"PK\x03\x04 cut off"):
        text.write_bytes(content)
        with pytest.raises(InputError, match="not a file of predictions"):
            predictions.load(text)
