"""Every protocol on sets of a handful of faces whose numbers follow from their construction."""

import numpy as np
import pytest

from bauta import schemes
from bauta.checks import InputError
from bauta.data import catalog
from bauta.data.readers import folder
from bauta.data.sample import Labels
from bauta.eval import protocols, truth
from bauta.eval.score import score
from labelled import grid, sample, shifted


def outer50(scheme: str, dims: int = 2) -> np.ndarray:
    """Points in a box of 100 x 100 px, outer eye corners 50 px and pupils 40 px apart."""
    layout = schemes.get(scheme)
    points = grid(layout.count, dims)
    assert layout.pupils is not None
    assert layout.outer_eye_corners is not None
    for side, group in enumerate(layout.pupils):
        points[group, :2] = (50 + 40 * side, 60)
    if len(layout.pupils[0]) == 1:
        for side, corner in enumerate(layout.outer_eye_corners):
            points[corner, :2] = (45 + 50 * side, 60)
    return points


@pytest.mark.parametrize("name", list(protocols.PROTOCOLS))
def test_protocols_fit_the_catalogue(name):
    protocol = protocols.get(name)
    for dataset in protocol.datasets:
        known = catalog.get(dataset)
        assert set(protocol.subsets) <= {"", *known.subsets}
        assert {view.scheme for view in protocol.views} & set(known.schemes)


@pytest.mark.parametrize(
    ("name", "headline", "length"),
    [
        ("300w", "mean", "outer_eyes"),
        ("300vw", "mean", "outer_eyes"),
        ("wflw", "mean", "outer_eyes"),
        ("cofw", "mean", "pupils"),
        ("aflw2000-3d", "bins", "box"),
        ("own", "mean", "outer_eyes"),
        ("folder", "mean", "outer_eyes"),
    ],
)
def test_the_headline_is_what_papers_quote(name, headline, length):
    protocol = protocols.get(name)
    assert (protocol.headline, protocol.views[0].norms[0]) == (headline, length)


def test_300w_divides_by_eyes_and_by_pupils_and_keeps_subsets_apart():
    points = outer50("ibug68")  # eyes are single points: their corners are 40 px apart too
    points[36, 0], points[45, 0] = 45, 95  # corners 50 apart move the means by 5/6 each way
    subsets = ["common", "common", "challenging"]
    faces = [sample(f"{i}", points, "ibug68", subset=subset) for i, subset in enumerate(subsets)]
    result = score(
        [shifted(faces, "ibug68", [1.0, 2.0, 6.0])], truth.read(faces), protocols.get("300w")
    )
    rows = {(row.group, row.norm): row for row in result.views[0][1][0].rows}
    assert rows["full", "outer_eyes"].values["mean"].value == pytest.approx(6.0)
    assert rows["common", "outer_eyes"].values["mean"].value == pytest.approx(3.0)
    assert rows["challenging", "outer_eyes"].values["mean"].value == pytest.approx(12.0)
    pupils = 40 + 2 * 5 / 6
    assert rows["challenging", "pupils"].values["mean"].value == pytest.approx(600 / pupils)
    assert rows["full", "box"].values["mean"].value == pytest.approx(3.0)
    assert rows["full", "outer_eyes"].values["fr@8"].value == pytest.approx(100 / 3)
    auc = ((1 - 2 / 8) + (1 - 4 / 8)) / 3
    assert rows["full", "outer_eyes"].values["auc@8"].value == pytest.approx(auc)


def test_wflw_scores_attributes_and_counts_lost_faces_as_failures():
    points = outer50("wflw98")
    faces = [
        sample(f"{i}", points, "wflw98", attributes={"pose": i == 1, "blur": False})
        for i in range(3)
    ]
    result = score(
        [shifted(faces, "wflw98", [1.0, 4.0, None])], truth.read(faces), protocols.get("wflw")
    )
    rows = {(row.group, row.norm): row for row in result.views[0][1][0].rows}
    full = rows["full", "outer_eyes"]
    assert (full.count, full.found) == (3, 2)
    assert full.values["mean"].value == pytest.approx(5.0)  # of the two that were found
    assert full.values["fr@10"].value == pytest.approx(100 / 3)
    assert full.values["auc@10"].value == pytest.approx((0.8 + 0.2) / 3)
    assert rows["pose", "outer_eyes"].values["mean"].value == pytest.approx(8.0)
    assert ("blur", "outer_eyes") not in rows  # nobody


def test_cofw_leads_with_pupils_and_tells_hidden_points_apart():
    points = outer50("cofw29")
    seen = np.ones(29, bool)
    seen[:10] = False
    faces = [
        sample("a", points, "cofw29", labels=(Labels(points.astype(np.float32), "cofw29", seen),))
    ]
    made = shifted(faces, "cofw29", [0.0])
    made.points["cofw29"][0, :10, 0] += 4
    scored = score([made], truth.read(faces), protocols.get("cofw")).views[0][1][0]
    assert scored.row().norm == "pupils"
    assert scored.row().values["mean"].value == pytest.approx(10 * 10 / 29)
    assert scored.visibility["hidden points"].value == pytest.approx(10.0)
    assert scored.visibility["visible points"].value == pytest.approx(0.0, abs=1e-4)


def aflw2000(yaws: list[float], other: list[float]) -> list:
    points = outer50("ibug68-3d", 3).astype(np.float32)
    second = points[:, :2] + np.array((0, 2), np.float32)
    labels = (
        Labels(points, "ibug68-3d", truth="original"),
        Labels(second, "ibug68-3d", truth="re-annotated"),
    )
    angles = [{"yaw_3ddfa": -yaw, "pitch_3ddfa": 0.0, "roll_3ddfa": 0.0} for yaw in yaws]
    return [
        sample(
            f"{i}",
            points,
            "ibug68-3d",
            labels=labels,
            pose=(yaw, 0.0, 0.0),
            attributes={"yaw_fitted": yaw, "yaw_aflw": other[i], **angles[i]},
        )
        for i, yaw in enumerate(yaws)
    ]


def test_aflw2000_prints_both_truths_both_splits_and_both_means():
    faces = aflw2000([0.0, 10, -30, 45, -80], [0.0, 10, -45, 45, -80])
    made = shifted(faces, "ibug68-3d", [1.0, 1.0, 1.0, 3.0, 8.0])
    result = score([made], truth.read(faces), protocols.get("aflw2000-3d"))
    by_title = {view.title: scored[0] for view, scored in result.views}
    values = by_title["original truth"].row().values
    assert by_title["original truth"].row().norm == "box"
    assert values["mean"].value == pytest.approx(14 / 5)
    assert values["bins (yaw_fitted)"].value == pytest.approx((1 + 3 + 8) / 3)
    assert values["bins (yaw_aflw)"].value == pytest.approx((1 + 2 + 8) / 3)
    assert values["yaw 30-60 (yaw_aflw)"].value == pytest.approx(2.0)
    again = by_title["re-annotated truth"].row().values
    assert again["mean"].value == pytest.approx(np.mean([np.hypot(x, 2) for x in (1, 1, 1, 3, 8)]))


def test_aflw2000_pose_leaves_out_what_is_turned_beyond_99_degrees():
    faces = aflw2000([0.0, 40, 120, -20, 0], [0.0] * 5)
    made = shifted(
        faces,
        "ibug68-3d",
        [0.0] * 5,
        pose=np.array([[0.0, 4, 0], [43, 0, 0], [0, 0, 0], [-20, 0, 0], [0, 0, -8]], np.float32),
    )
    result = score([made], truth.read(faces), protocols.get("aflw2000-3d"))
    table = next(iter(result.poses.values()))
    assert table["pitch"].value == pytest.approx(1.0, abs=0.02)
    assert table["roll"].value == pytest.approx(2.0, abs=0.02)
    assert table["yaw"].value == pytest.approx(0.75, abs=0.02)
    assert table["yaw bias"].value == pytest.approx(-0.75, abs=0.02)  # as 3DDFA counts yaw
    assert table["mean"].value == pytest.approx(1.25, abs=0.02)


@pytest.mark.parametrize("scheme", folder.SCHEMES.values())
def test_a_folder_of_any_known_number_of_points_is_scored_by_every_length_it_has(scheme):
    layout = schemes.get(scheme)
    faces = [sample("a", grid(layout.count), scheme), sample("b", grid(layout.count), scheme)]
    made = shifted(faces, scheme, [2.0, None])
    result = score([made], truth.read(faces), protocols.get("folder"))
    rows = {(view.title, row.norm): row for view, (one,) in result.views for row in one.rows}
    title = {"mesh478": "mesh"}.get(scheme, f"{layout.count} points")
    lengths = {"pupils", "box", "diagonal"}
    lengths |= {"outer_eyes"} if layout.outer_eye_corners is not None else set()
    assert {norm for name, norm in rows if name == title} == lengths
    assert rows[title, "box"].values["mean"].value == pytest.approx(2.0, rel=1e-4)
    assert rows[title, "box"].values["fr@10"].value == pytest.approx(50)
    assert not any(f"{title}: " in line for line in result.skipped)


def test_a_models_own_pixel_origin_is_taken_off_in_a_view_of_a_folder():
    faces = [sample("a", grid(68), "ibug68")]
    made = shifted(faces, "ibug68", [2.0], header={"ibug68_offset": [2.0, 0.0]})
    result = score([made], truth.read(faces), protocols.get("folder"))
    found = {view.title: one.row().values["mean"].value for view, (one,) in result.views}
    assert found["68 points"] > 1
    assert found["68 points, without pixel origin"] == pytest.approx(0, abs=1e-4)


def test_clips_are_the_unit_of_300vw():
    points = outer50("ibug68")
    faces = [
        sample(f"{i}", points, "ibug68", person=f"clip {i // 50}", subset=f"category {1 + i // 50}")
        for i in range(100)
    ]
    made = shifted(faces, "ibug68", [2.0] * 50 + [6.0] * 50)
    row = score([made], truth.read(faces), protocols.get("300vw")).views[0][1][0].row()
    size = float(np.linalg.norm(points[36] - points[45]))
    assert row.values["mean"].value == pytest.approx(4 / size * 100)
    assert row.values["mean"].low == pytest.approx(2 / size * 100)  # one clip drawn twice
    assert row.values["mean"].high == pytest.approx(6 / size * 100)


def test_differences_are_drawn_in_pairs_over_what_both_found():
    points = outer50("wflw98")
    faces = [sample(f"{i}", points, "wflw98") for i in range(40)]
    near = [0.5 + 0.1 * i for i in range(40)]
    far = [None, *(value + 0.5 for value in near[1:])]
    files = [shifted(faces, "wflw98", by, header={"model": "m"}) for by in (near, far)]
    result = score(files, truth.read(faces), protocols.get("wflw"))
    (found,) = result.differences["98 points"]
    assert (found.first, found.second, found.count) == ("m (1)", "m (2)", 39)
    assert found.values["mean"].value == pytest.approx(-1.0)
    assert found.values["mean"].high == pytest.approx(-1.0, abs=1e-3)


def test_a_view_without_points_is_left_out_and_named():
    faces = [sample("a", grid(478, 3), "mesh478")]
    made = shifted(faces, "mesh478", [1.0])
    result = score([made], truth.read(faces), protocols.get("own"))
    assert [view.title for view, _ in result.views] == ["mesh"]
    assert any("no ibug68" in line for line in result.skipped)
    with pytest.raises(InputError, match="nothing could be scored"):
        score([made], truth.read(faces), protocols.get("wflw"))


def test_own_faces_are_scored_by_the_mesh_and_the_lids():
    mesh = grid(478, 3)
    faces = [sample(f"{i}", mesh + 0.3 * i, "mesh478") for i in range(3)]
    made = shifted(faces, "mesh478", [1.0, 1.0, 1.0])
    result = score([made], truth.read(faces), protocols.get("own"))
    size = np.linalg.norm(mesh[33, :2] - mesh[263, :2])
    row = result.views[0][1][0].row()
    assert row.values["mean"].value == pytest.approx(100 / size, rel=1e-4)
