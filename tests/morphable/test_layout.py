"""The texture layout of the head that ships."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.assets.face import face_model


@pytest.fixture(scope="module")
def head():
    return face_model()


def areas(head):
    """(T,) signed areas in the picture, and (T,) names of parts."""
    a, b, c = (head.uv[head.uv_triangles[:, k]] for k in range(3))
    area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    return area, np.array(head.part_names)[head.part[head.triangles[:, 0]]]


def test_the_layout_fills_one_picture(head):
    assert head.uv.min() >= 0
    assert head.uv.max() <= 1
    area, part = areas(head)
    assert np.abs(area[part == "face"]).sum() > 0.35


def test_hardly_a_triangle_of_skin_is_turned_over(head):
    area, part = areas(head)
    skin = np.isin(part, ["face", "head_neck"])
    assert (area[skin] < 0).mean() < 0.01
    assert np.abs(area[skin & (area < 0)]).sum() < 0.01 * np.abs(area[skin]).sum()


def test_no_triangle_of_skin_reaches_over_a_cut(head):
    """The picture is 1 wide, a face 15 cm: a triangle over a cut would be stretched tenfold."""
    _, part = areas(head)
    skin = np.isin(part, ["face", "head_neck", "mouth_socket"])
    for i, j in ((0, 1), (1, 2), (2, 0)):
        shown = head.uv[head.uv_triangles[skin]]
        real = head.mean[head.triangles[skin]]
        shown = np.linalg.norm(shown[:, i] - shown[:, j], axis=1)
        real = np.linalg.norm(real[:, i] - real[:, j], axis=1)
        assert (shown / np.maximum(real, 0.2)).max() < 0.11, "pictures a centimetre"


def test_the_face_is_upright_and_not_mirrored(head):
    """The subject's left is at the picture's right, as one sees them."""
    where = {}
    for name in ("brow_left", "brow_right", "lips"):
        used = np.isin(head.triangles, head.regions[name])
        where[name] = head.uv[head.uv_triangles[used]].mean(0)
    assert where["brow_left"][0] > where["brow_right"][0] + 0.1
    assert where["lips"][1] < where["brow_left"][1] - 0.1
