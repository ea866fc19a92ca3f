"""Point orders: what must hold of every scheme, and faces laid by hand in the order published."""

import subprocess
import sys

import numpy as np
import pytest

from bauta import schemes
from bauta.checks import InputError

ALL = schemes.names()


def swapped(name: str) -> str:
    """`left` for `right` and back, in the name of a region or a point."""
    swap = name.replace("left", "\0").replace("right", "left")
    return swap.replace("\0", "right")


def ring(center: tuple[float, float], start: float, count: int, radius: float = 1.0) -> np.ndarray:
    """`count` points on a circle, clockwise on screen from `start` degrees (0 right, 90 down)."""
    angle = np.radians(start + 360.0 * np.arange(count) / count)
    return np.array(center) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def arc(start: tuple[float, float], stop: tuple[float, float], count: int) -> np.ndarray:
    return np.linspace(start, stop, count)


def flipped(name: str, face: np.ndarray) -> np.ndarray:
    """The points of the picture's mirror image, in the scheme's order."""
    return face[schemes.get(name).mirror] * [-1, 1]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("celeba5", 5), ("aflw19", 19), ("bioid20", 20), ("aflw21", 21), ("lfpw29", 29),
        ("cofw29", 29), ("ibug51", 51), ("ibug68", 68), ("ibug68-3d", 68), ("fs70", 70),
        ("wflw96", 96), ("wflw98", 98), ("jd106", 106), ("insightface106", 106), ("helen192", 192),
        ("helen194", 194), ("mesh468", 468), ("mesh478", 478),
    ],
)  # fmt: skip
def test_a_scheme_has_as_many_points_as_its_name_says(name, count):
    assert schemes.get(name).count == len(schemes.get(name).mirror) == count


def test_no_scheme_is_left_out_of_these_tests():
    assert len(ALL) == len(set(ALL)) == 18


@pytest.mark.parametrize("name", ALL)
def test_mirroring_twice_changes_nothing(name):
    scheme = schemes.get(name)
    assert (scheme.mirror[scheme.mirror] == np.arange(scheme.count)).all()
    assert (scheme.mirror != np.arange(scheme.count)).any()


@pytest.mark.parametrize("name", ALL)
def test_edges_join_two_points_of_the_scheme_and_their_mirror_images_are_edges(name):
    scheme = schemes.get(name)
    assert scheme.edges.shape == (len(scheme.edges), 2)
    edges = {frozenset(edge) for edge in scheme.edges.tolist()}
    assert all(len(edge) == 2 and edge <= set(range(scheme.count)) for edge in edges)
    assert {frozenset(scheme.mirror[list(edge)].tolist()) for edge in edges} == edges


@pytest.mark.parametrize("name", ALL)
def test_regions_share_no_point_and_leave_none_out(name):
    scheme = schemes.get(name)
    assert set(scheme.regions) <= set(schemes.REGIONS)
    points = np.concatenate(list(scheme.regions.values()))
    assert sorted(points) == list(range(scheme.count))


@pytest.mark.parametrize("name", ALL)
def test_the_mirror_swaps_right_and_left_regions_and_keeps_the_middle(name):
    scheme = schemes.get(name)
    for key, region in scheme.regions.items():
        assert set(scheme.mirror[region]) == set(scheme.regions[swapped(key)]), key


@pytest.mark.parametrize("name", [name for name in ALL if schemes.get(name).names])
def test_the_mirror_swaps_left_and_right_in_the_names(name):
    scheme = schemes.get(name)
    assert len(set(scheme.names)) == scheme.count
    assert [scheme.names[i] for i in scheme.mirror] == [swapped(point) for point in scheme.names]


@pytest.mark.parametrize("name", ALL)
def test_eyes_are_given_right_first_and_mirror_into_each_other(name):
    scheme = schemes.get(name)
    if scheme.outer_eye_corners is not None:
        right, left = scheme.outer_eye_corners
        assert scheme.mirror[right] == left
        assert schemes.layout(name)[right, 0] < schemes.layout(name)[left, 0]
    assert scheme.pupils is not None
    right, left = scheme.pupils
    assert set(scheme.mirror[right]) == set(left)


@pytest.mark.parametrize("name", ALL)
def test_what_is_called_right_lies_on_the_right_half_of_the_canonical_face(name):
    layout = schemes.layout(name)
    for key, region in schemes.get(name).regions.items():
        side = {"right": -1, "left": 1}.get(key.split("_")[0], 0)
        assert (np.sign(layout[region, 0]) == side).all() or side == 0, key
    assert abs(layout[schemes.get(name).mirror] * [-1, 1, 1] - layout).max() < 0.02  # centimetres


def test_regions_of_the_canonical_face_lie_in_their_order_from_brow_to_chin():
    for name in ALL:
        scheme, height = schemes.get(name), schemes.layout(name)[:, 1]
        means = [
            height[scheme.regions[key]].mean()
            for key in ("right_brow", "right_eye", "nose", "outer_lips")
            if key in scheme.regions
        ]
        assert (np.diff(means) < 0).all(), name


def face98() -> np.ndarray:
    """WFLW's figure: contours and eyes clockwise from the left of the picture."""
    return np.concatenate(
        [
            ring((0, 0), 180, 64, 9)[[0, *range(63, 31, -1)]],  # 0-32 jaw, right ear to left ear
            arc((-6, -4), (-2, -4), 5), arc((-2, -3), (-5, -3), 4),  # 33-41
            arc((2, -4), (6, -4), 5), arc((5, -3), (2, -3), 4),  # 42-50
            arc((0, -2), (0, 1), 4), arc((-1, 2), (1, 2), 5),  # 51-59
            ring((-4, -2), 180, 8), ring((4, -2), 180, 8),  # 60-75
            ring((0, 4), 180, 12, 2), ring((0, 4), 180, 8),  # 76-95
            [(-4, -2), (4, -2)],
        ]
    )  # fmt: skip


def face106() -> np.ndarray:
    """JD's figure: as WFLW's, with a nose of eleven points and each eye's centre."""
    wide = face98()
    nose = [(-1, -2), (-1, 0), (-2, 1), (-1, 2), (-0.5, 2), (0, 2)]
    left = [(0.5, 2), (1, 2), (2, 1), (1, 0), (1, -2)]
    right_eye, left_eye = [*wide[60:68], (-4, -2)], [*wide[68:76], (4, -2)]
    return np.concatenate([wide[:55], nose, left, right_eye, left_eye, wide[76:98]])


def face68() -> np.ndarray:
    """300-W's figure 1: eyes from the left of the picture, over the upper lid."""
    return np.concatenate(
        [
            ring((0, 0), 180, 32, 9)[[0, *range(31, 15, -1)]],
            arc((-6, -4), (-2, -4), 5), arc((2, -4), (6, -4), 5),
            arc((0, -2), (0, 1), 4), arc((-1, 2), (1, 2), 5),
            ring((-4, -2), 180, 6), ring((4, -2), 180, 6),
            ring((0, 4), 180, 12, 2), ring((0, 4), 180, 8),
        ]
    )  # fmt: skip


def face194() -> np.ndarray:
    """HELEN's files: closed contours of the eyes and brows from the inner end, over the top."""
    outer, inner = ring((0, 4), 180 + 180 / 28, 28, 2), ring((0, 4), 180 + 180 / 28, 28)
    right = ring((-4, -2), 0, 20)[[0, *range(19, 0, -1)]]
    right_brow = ring((-4, -4), 0, 20)[[0, *range(19, 0, -1)]]
    return np.concatenate(
        [
            ring((0, 0), 180, 80, 9)[[0, *range(79, 39, -1)]],
            ring((0, 1), 180, 32)[[0, *range(31, 15, -1)]],
            outer, inner,
            ring((4, -2), 180, 20), right,
            ring((4, -4), 180, 20), right_brow,
        ]
    )  # fmt: skip


def face29() -> np.ndarray:
    """LFPW's list: image left first; brows' and eyes' upper and lower points side by side."""
    return np.array(
        [
            (-6, -4), (6, -4), (-2, -4), (2, -4), (-4, -5), (-4, -3), (4, -5), (4, -3),
            (-5, -2), (5, -2), (-3, -2), (3, -2), (-4, -2.5), (-4, -1.5), (4, -2.5), (4, -1.5),
            (-4, -2), (4, -2), (-1, 1), (1, 1), (0, 1), (0, 2), (-2, 4), (2, 4),
            (0, 3), (0, 3.5), (0, 4.5), (0, 5), (0, 9),
        ]
    )  # fmt: skip


def face20() -> np.ndarray:
    """BioID's list."""
    return np.array(
        [
            (-4, -2), (4, -2), (-2, 4), (2, 4), (-6, -4), (-2, -4), (2, -4), (6, -4), (-8, -2),
            (-5, -2), (-3, -2), (3, -2), (5, -2), (8, -2), (0, 1), (-1, 2), (1, 2), (0, 3), (0, 5),
            (0, 9),
        ]
    )  # fmt: skip


def face21() -> np.ndarray:
    """AFLW's list: left to right in the picture, row by row."""
    return np.array(
        [
            (-6, -4), (-4, -5), (-2, -4), (2, -4), (4, -5), (6, -4),
            (-5, -2), (-4, -2), (-3, -2), (3, -2), (4, -2), (5, -2),
            (-9, 0), (-1, 1), (0, 1), (1, 1), (9, 0), (-2, 4), (0, 4), (2, 4), (0, 9),
        ]
    )  # fmt: skip


HANDMADE = {
    "wflw98": face98(),
    "jd106": face106(),
    "ibug68": face68(),
    "ibug68-3d": face68(),
    "fs70": np.concatenate([face68(), [(-4, -2), (4, -2)]]),
    "helen194": face194(),
    "cofw29": face29(),
    "lfpw29": face29(),
    "bioid20": face20(),
    "aflw21": face21(),
    "aflw19": np.delete(face21(), [12, 16], axis=0),
    "celeba5": np.array([(-4, -2), (4, -2), (0, 1), (-2, 4), (2, 4)]),
}


@pytest.mark.parametrize("name", HANDMADE)
def test_a_symmetric_face_laid_by_hand_is_its_own_mirror_image(name):
    face = HANDMADE[name]
    np.testing.assert_allclose(flipped(name, face), face, atol=1e-9)


@pytest.mark.parametrize("name", HANDMADE)
def test_regions_of_a_face_laid_by_hand_lie_where_their_names_say(name):
    face, scheme = HANDMADE[name], schemes.get(name)
    for key, (x, y) in {
        "right_eye": (-4, -2), "left_eye": (4, -2), "outer_lips": (0, 4), "inner_lips": (0, 4),
    }.items():  # fmt: skip
        if key in scheme.regions:
            np.testing.assert_allclose(face[scheme.regions[key]].mean(0), (x, y), atol=1e-9)
    assert scheme.pupils is not None
    for pupil, x in zip(scheme.pupils, (-4, 4), strict=True):
        np.testing.assert_allclose(face[pupil].mean(0), (x, -2), atol=1e-9)
    if scheme.outer_eye_corners is not None:
        np.testing.assert_allclose(face[[*scheme.outer_eye_corners]], [(-5, -2), (5, -2)])


@pytest.mark.parametrize(
    ("name", "corners"),
    [("ibug68", (36, 45)), ("wflw98", (60, 72)), ("cofw29", (8, 9)), ("mesh478", (33, 263))],
)
def test_outer_eye_corners_are_those_of_the_protocols(name, corners):
    assert schemes.get(name).outer_eye_corners == corners


@pytest.mark.parametrize(
    ("name", "right", "left"),
    [
        ("wflw98", [96], [97]),
        ("jd106", [104], [105]),
        ("insightface106", [38], [92]),
        ("ibug68", [36, 37, 38, 39, 40, 41], [42, 43, 44, 45, 46, 47]),
        ("fs70", [68], [69]),
        ("cofw29", [16], [17]),
        ("mesh478", [468], [473]),
    ],
)
def test_pupils_are_those_of_the_protocols(name, right, left):
    pupils = schemes.get(name).pupils
    assert pupils is not None
    assert (pupils[0].tolist(), pupils[1].tolist()) == (right, left)


def test_mirror_pairs_of_wflw_and_lapa_are_the_ones_that_others_publish():
    """Rows of mmpose's wflw.py and lapa.py, read by eye."""
    wflw = {0: 32, 33: 46, 37: 42, 38: 50, 41: 47, 55: 59, 60: 72, 61: 71, 65: 75, 67: 73, 76: 82,
            83: 87, 88: 92, 93: 95, 16: 16, 57: 57, 85: 85, 96: 97}  # fmt: skip
    lapa = {1: 31, 34: 45, 39: 49, 55: 65, 59: 61, 66: 79, 70: 75, 71: 82, 73: 80, 74: 83, 84: 90,
            91: 95, 96: 100, 101: 103, 60: 60, 104: 105}  # fmt: skip
    for name, pairs in (("wflw98", wflw), ("jd106", lapa)):
        mirror = schemes.get(name).mirror
        assert {i: int(mirror[i]) for i in pairs} == pairs


def test_insightface_counts_its_points_by_name():
    names = schemes.get("insightface106").names
    theirs = [swapped(name) for name in names]  # their left is left in the picture
    assert theirs == sorted(theirs)
    assert theirs[38] == "left_eye_pupil"
    assert theirs[86] == "nose_tip"


def test_dropping_points_drops_their_edges_and_renumbers_the_rest():
    inner = schemes.get("ibug51")
    assert inner.outer_eye_corners == (19, 28)
    assert "jaw" not in inner.regions
    assert inner.regions["inner_lips"].tolist() == list(range(43, 51))
    assert [19, 20] in inner.edges.tolist()
    assert len(inner.edges) == len(schemes.get("ibug68").edges) - 16
    assert len(schemes.get("helen192").edges) == len(schemes.get("helen194").edges) - 4


def test_an_unknown_scheme_is_refused_with_the_known_ones_named():
    with pytest.raises(
        InputError, match=r"scheme: unknown 'dlib'; choose one of celeba5, .*ibug68"
    ):
        schemes.get("dlib")


def test_no_table_is_read_on_import():
    code = "import bauta, bauta.schemes as s; print(s.get.cache_info().currsize)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "0"
