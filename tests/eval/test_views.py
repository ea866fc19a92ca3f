import numpy as np
import pytest

from bauta import schemes
from bauta.checks import InputError
from bauta.data.sample import Labels
from bauta.eval import truth as truths
from bauta.eval.predictions import Predictions
from bauta.eval.views import View, as_stored, compare
from labelled import grid, sample, shifted


def test_errors_by_hand_over_every_length():
    points = grid(68)
    points[36], points[45] = (30, 40), (80, 40)  # outer corners 50 px apart
    faces = [sample("a", points, "ibug68")]
    found = compare(
        shifted(faces, "ibug68", [2.0]),
        truths.read(faces),
        View("", "ibug68", "ibug68", ("outer_eyes", "box", "diagonal")),
    )
    assert found.mean["outer_eyes"] == pytest.approx([4.0])
    assert found.mean["box"] == pytest.approx([2.0])
    assert found.mean["diagonal"] == pytest.approx([np.sqrt(2)])
    assert found.points.shape == (1, 68)


def test_rows_are_matched_by_name_not_by_order():
    faces = [sample(name, grid(68) + i, "ibug68") for i, name in enumerate("abc")]
    made = shifted(faces, "ibug68", [1.0, 2.0, 3.0])
    turned = Predictions(made.names[::-1], {"ibug68": made.points["ibug68"][::-1]})
    view = View("", "ibug68", "ibug68", ("box",))
    assert compare(turned, truths.read(faces), view).mean["box"] == pytest.approx([1, 2, 3])


def test_parts_count_apart_but_the_length_is_of_all_points():
    points = grid(68)  # point 0 and 1, the box's corners, belong to the jaw
    faces = [sample("a", points, "ibug68")]
    made = shifted(faces, "ibug68", [0.0])
    made.points["ibug68"][0, :17] += 50
    made.points["ibug68"][0, 17:, 1] += 3
    view = View("", "ibug68", "ibug68", ("box",), "inner51")
    assert compare(made, truths.read(faces), view).mean["box"] == pytest.approx([3.0])
    assert 60 not in View("", "ibug68", "ibug68", ("box",), "inner49").indices
    assert len(View("", "ibug68", "ibug68", ("box",), "inner49").indices) == 49


def test_z_counts_without_its_mean_and_the_length_stays_flat():
    faces = [sample("a", grid(68, 3), "ibug68-3d")]
    made = shifted(faces, "ibug68-3d", [0.0])
    made.points["ibug68-3d"][0, :, 2] = 40 + 5 * np.where(np.arange(68) % 2, 1, -1)
    flat = View("", "ibug68-3d", "ibug68-3d", ("box",))
    deep = View("", "ibug68-3d", "ibug68-3d", ("box",), dimensions=3)
    labels = truths.read(faces)
    assert compare(made, labels, flat).mean["box"] == pytest.approx([0.0], abs=1e-5)
    assert compare(made, labels, deep).mean["box"] == pytest.approx([5.0])


def test_two_truths_are_kept_apart():
    first, second = grid(68, 3), grid(68)
    second[:, 1] += 4
    labels = (
        Labels(first, "ibug68-3d", truth="original"),
        Labels(second, "ibug68-3d", truth="re-annotated"),
    )
    faces = [sample("a", first, "ibug68-3d", labels=labels)]
    made = shifted(faces, "ibug68-3d", [0.0])
    for truth, error in (("original", 0.0), ("re-annotated", 4.0)):
        view = View("", f"ibug68-3d@{truth}", "ibug68-3d", ("box",))
        assert compare(made, truths.read(faces), view).mean["box"] == pytest.approx([error])


def test_faces_without_labels_are_left_out_and_lost_ones_are_not():
    faces = [sample(name, grid(68), "ibug68") for name in "abc"]
    faces[1] = sample("b", np.full((68, 2), np.nan), "ibug68")
    made = shifted(faces, "ibug68", [1.0, 1.0, None])
    found = compare(made, truths.read(faces), View("", "ibug68", "ibug68", ("box",)))
    assert found.truth.names.tolist() == ["a", "c"]
    assert found.found.tolist() == [True, False]
    assert np.isnan(found.mean["box"][1])


def test_the_labels_pixel_origin_on_both_sides():
    points = grid(68)
    points[36], points[45] = (30, 40), (80, 40)
    stored = as_stored(points[None])[0]
    assert stored - points == pytest.approx(np.tile([0.018 * 50, 1.15], (68, 1)))
    faces = [sample("a", points, "ibug68")]
    made = shifted(faces, "ibug68", [0.78], header={"ibug68_offset": [0.78, 1.16]})
    made.points["ibug68"][0, :, 1] += 1.16
    labels = truths.read(faces)
    removed = View("", "ibug68", "ibug68", ("box",), origin="removed")
    assert compare(made, labels, removed).mean["box"] == pytest.approx([0.0], abs=1e-4)
    back = View("", "ibug68", "ibug68", ("box",), origin="stored")
    assert compare(made, labels, back).mean["box"] == pytest.approx([np.hypot(0.12, 0.01)], 1e-3)


def test_a_scheme_that_is_not_predicted_is_mapped_and_the_label_says_so():
    dense = grid(98).astype(np.float32)
    near = schemes.convert(dense, "wflw98", "ibug68")
    faces = [sample("a", near, "ibug68")]
    made = Predictions(np.array(["a"]), {"wflw98": dense[None]}, header={"model": "m"})
    found = compare(made, truths.read(faces), View("", "ibug68", "ibug68", ("box",)))
    assert found.mean["box"] == pytest.approx([0.0], abs=1e-4)
    assert found.label == "m, from wflw98"


def test_what_is_missing_is_named():
    faces = [sample("a", grid(68), "ibug68")]
    made = shifted(faces, "ibug68", [0.0])
    with pytest.raises(InputError, match="no wflw98, only ibug68"):
        compare(made, truths.read(faces), View("", "wflw98", "wflw98", ("box",)))
    other = [*faces, sample("b", grid(68), "ibug68")]
    with pytest.raises(InputError, match="the first is 'b'"):
        compare(made, truths.read(other), View("", "ibug68", "ibug68", ("box",)))
