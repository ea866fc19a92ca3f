"""Maps between schemes: right points, right side, and honest about how near they come."""

import numpy as np
import pytest

from bauta import schemes
from bauta.checks import InputError
from bauta.schemes.spans import groups, indices
from bauta.tables import mesh478

MAPS = schemes.maps()


def scattered(count: int) -> np.ndarray:
    """Points no two of which are alike, and which no rule of symmetry could have made."""
    i = np.arange(count)
    return np.stack([i**2 % 101 + 0.25 * i, 7.0 * i], axis=1)


def identify(step: schemes.Map) -> str:
    return f"{step.source}-{step.target}"


@pytest.mark.parametrize("step", MAPS, ids=identify)
def test_every_map_goes_from_all_points_of_its_source_to_all_of_its_target(step):
    assert len(step.indices) == schemes.get(step.target).count
    assert step.indices.shape == step.weights.shape
    assert 0 <= step.indices.min() <= step.indices.max() < schemes.get(step.source).count
    np.testing.assert_allclose(step.weights.sum(axis=1), 1)
    assert step.exact or step.note


@pytest.mark.parametrize("step", MAPS, ids=identify)
def test_mirroring_and_converting_may_change_places(step):
    source, target = schemes.get(step.source), schemes.get(step.target)
    points = scattered(source.count)
    before, after = step.apply(points[source.mirror]), step.apply(points)[target.mirror]
    np.testing.assert_allclose(before, after, atol=1e-9)


@pytest.mark.parametrize("step", MAPS, ids=identify)
def test_on_the_canonical_face_every_map_lands_on_the_points_of_its_target(step):
    made, meant = step.apply(schemes.layout(step.source)), schemes.layout(step.target)
    apart = np.linalg.norm((made - meant)[:, :2], axis=1)
    limit = 0.0 if step.exact else 1.4  # centimetres; eyes are 8.9 apart
    assert apart.max() <= limit + 1e-9
    assert np.median(apart) <= 0.35 * limit + 1e-9


@pytest.mark.parametrize(
    ("pair", "points"),
    [
        (("wflw98", "ibug68"), {60: 36, 64: 39, 68: 42, 72: 45, 76: 48, 82: 54, 16: 8, 54: 30}),
        (("jd106", "ibug68"), {66: 36, 70: 39, 75: 42, 79: 45, 84: 48, 90: 54, 16: 8, 54: 30}),
        (("jd106", "wflw98"), {66: 60, 79: 72, 104: 96, 105: 97, 60: 57, 58: 55, 103: 95, 50: 50}),
        (("insightface106", "jd106"), {0: 16, 1: 0, 17: 32, 9: 1, 2: 9, 35: 66, 93: 79, 86: 54}),
        (("ibug68", "ibug51"), {17: 0, 36: 19, 45: 28, 67: 50}),
        (("aflw21", "aflw19"), {11: 11, 13: 12, 15: 14, 17: 15, 20: 18}),
        (("cofw29", "aflw19"), {8: 6, 16: 7, 10: 8, 9: 11, 22: 15, 28: 18}),
        (("mesh478", "ibug68"), {33: 36, 133: 39, 263: 45, 61: 48, 291: 54, 152: 8}),
        (("mesh478", "wflw98"), {33: 60, 133: 64, 263: 72, 61: 76, 291: 82, 152: 16, 468: 96}),
        (("bioid20", "celeba5"), {0: 0, 1: 1, 14: 2, 2: 3, 3: 4}),
        (("fs70", "ibug68-3d"), {0: 0, 8: 8, 67: 67}),
        (("helen194", "celeba5"), {58: 3, 71: 4}),
        (("wflw98", "wflw96"), {0: 0, 95: 95}),
    ],
)
def test_named_points_go_where_the_two_figures_have_them(pair, points):
    made = schemes.convert(face := scattered(schemes.COUNTS[pair[0]]), *pair)
    for source, target in points.items():
        np.testing.assert_allclose(made[target], face[source], err_msg=f"{source} -> {target}")


def test_insightface_to_68_is_the_list_that_public_code_uses():
    """The list copied from program to program, e.g. in LatentSync's and DMDNet's wrappers."""
    published = [
        1, 10, 12, 14, 16, 3, 5, 7, 0, 23, 21, 19, 32, 30, 28, 26, 17, 43, 48, 49, 51, 50, 102, 103,
        104, 105, 101, 72, 73, 74, 86, 78, 79, 80, 85, 84, 35, 41, 42, 39, 37, 36, 89, 95, 96, 93,
        91, 90, 52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55, 65, 66, 62, 70, 69, 57, 60, 54,
    ]  # fmt: skip
    assert schemes.mapping("insightface106", "ibug68").indices[:, 0].tolist() == published


def test_the_mesh_is_read_where_its_own_table_has_the_68():
    step = schemes.mapping("mesh478", "ibug68")
    assert step.indices[:, 0].tolist() == mesh478()["nearest68"].tolist()
    assert not step.exact


def test_five_points_of_the_68_are_means_of_lids_nose_and_corners():
    face = np.zeros((68, 2))
    face[36:42] = [(0, 0), (1, -1), (2, -1), (3, 0), (2, 1), (1, 1)]  # mean (1.5, 0)
    face[42:48] = face[36:42] + np.array([6, 3])
    face[30], face[48], face[54] = (4.5, 5), (3, 8), (6, 9)
    expected = [(1.5, 0), (7.5, 3), (4.5, 5), (3, 8), (6, 9)]
    np.testing.assert_allclose(schemes.convert(face, "ibug68", "celeba5"), expected)


def test_a_path_over_the_mesh_is_cut_into_equal_steps():
    """WFLW's right jaw: 17 points from the ear to the chin, seen from the front."""
    jaw = schemes.layout("wflw98")[:17, :2]
    assert jaw[0] == pytest.approx(mesh478()["canonical"][127, :2])
    assert jaw[16] == pytest.approx(mesh478()["canonical"][152, :2])
    steps = np.linalg.norm(np.diff(jaw, axis=0), axis=1)
    assert steps.min() > 0.97 * steps.max()  # chords of equal arcs


def test_exact_maps_are_undone_by_the_map_back():
    pairs = [("jd106", "insightface106"), ("lfpw29", "cofw29")]
    for a, b in pairs:
        points = scattered(schemes.COUNTS[a])
        assert schemes.mapping(a, b).exact
        np.testing.assert_array_equal(schemes.convert(schemes.convert(points, a, b), b, a), points)
    moved = schemes.convert(scattered(106), "jd106", "insightface106")
    assert not np.array_equal(moved, scattered(106))


def test_only_reordering_and_leaving_out_is_called_exact():
    exact = {(step.source, step.target) for step in MAPS if step.exact}
    assert exact == {
        ("aflw21", "aflw19"), ("lfpw29", "cofw29"), ("cofw29", "lfpw29"), ("ibug68", "ibug51"),
        ("wflw98", "wflw96"), ("jd106", "insightface106"), ("insightface106", "jd106"),
        ("helen194", "helen192"), ("mesh478", "mesh468"),
    }  # fmt: skip


def test_the_two_68s_are_never_turned_into_each_other():
    for pair in (("ibug68", "ibug68-3d"), ("ibug68-3d", "ibug68")):
        with pytest.raises(InputError, match="no map from"):
            schemes.mapping(*pair)


def test_no_map_says_what_there_is():
    with pytest.raises(InputError) as error:
        schemes.convert(np.zeros((194, 2)), "helen194", "ibug68")
    assert "no map from helen194 to ibug68: helen194 goes to celeba5, helen192" in str(error.value)
    assert "ibug68 comes from wflw96, wflw98, jd106, insightface106" in str(error.value)


def test_points_of_another_scheme_are_refused():
    with pytest.raises(InputError, match=r"wflw98: expected shape \(\.\.\., 98, 2 or 3\)"):
        schemes.convert(np.zeros((68, 2)), "wflw98", "ibug68")
    with pytest.raises(InputError, match="scheme: unknown 'wflw'"):
        schemes.convert(np.zeros((98, 2)), "wflw", "ibug68")


def test_many_faces_in_three_dimensions_are_converted_at_once():
    faces = np.stack([schemes.layout("wflw98"), 2 * schemes.layout("wflw98")])
    made = schemes.convert(faces, "wflw98", "ibug68")
    assert made.shape == (2, 68, 3)
    np.testing.assert_allclose(made[1], 2 * made[0])


def test_an_unknown_point_spoils_only_what_is_made_of_it():
    face = scattered(68)
    face[40] = np.nan  # a lid of the right eye
    assert np.isnan(schemes.convert(face, "ibug68", "celeba5")[:, 0]).tolist() == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_indices_are_written_as_spans_steps_and_means():
    assert groups("3 0-2 8-4:2 (5 7-8)") == [[3], [0], [1], [2], [8], [6], [4], [5, 7, 8]]
    assert indices("2-0 5").tolist() == [2, 1, 0, 5]
    with pytest.raises(InputError, match="unexpected"):
        indices("0..4")
