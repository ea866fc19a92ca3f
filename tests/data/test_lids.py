"""Labels of shut eyes meet; those of open eyes are left alone."""

import numpy as np
import pytest

from bauta.assets.face import face_model
from bauta.data.cutting import PackSettings
from bauta.data.lids import EYES, TEACHER, lids_of_mesh, meeting
from bauta.data.packing import pack
from bauta.data.packs import MADE, Pack, read_pack
from bauta.data.sample import Labels
from bauta.data.targets import with_shut_lids
from bauta.synth.rendered.truth import openings
from bauta.tables import mesh478
from made_faces import points_of, sample


def head(scheme, weights):
    """Points of a head with these expressions, before and after."""
    model = face_model()
    expression = np.array([weights.get(name, 0.0) for name in model.expression_names])
    points = model.points(scheme, model.vertices(None, expression))
    return points, meeting(points, EYES[scheme], openings(scheme))


def eyes_at(scheme, weight, **more):
    """Mean gaps of both eyes of a head that blinks by `weight`, before and after."""
    weights = {"eyeBlinkLeft": weight, "eyeBlinkRight": weight} | more
    points, met = head(scheme, weights)
    untouched = np.ones(len(points), bool)
    for eye in EYES[scheme]:
        untouched[[*eye.upper, *eye.lower]] = False
    np.testing.assert_allclose(met[untouched], points[untouched], atol=1e-6)
    return [(eye.gaps(points).mean(), eye.gaps(met).mean()) for eye in EYES[scheme]]


@pytest.mark.parametrize("scheme", ["mesh478", "ibug68-3d"])
def test_shut_lids_of_rendered_heads_meet_and_open_ones_stay(scheme):
    for before, after in eyes_at(scheme, 0.0):
        assert after == pytest.approx(before, rel=1e-4)
    for before, after in eyes_at(scheme, 1.0):
        assert after < 0.015 < before


def test_lids_fall_evenly_and_one_eye_does_not_move_the_other():
    gaps = [eyes_at("mesh478", weight)[0][1] for weight in (0, 0.25, 0.5, 0.75, 1)]
    assert (np.diff(gaps) < -0.02).all()
    right, left = eyes_at("mesh478", 0.0, eyeBlinkLeft=1.0)
    assert right[1] == pytest.approx(right[0], rel=1e-4)
    assert left[1] < 0.1 * right[1]


def test_upper_lids_stay_above_lower_ones():
    before, met = head("mesh478", {"eyeBlinkLeft": 2.0, "eyeBlinkRight": 2.0})
    assert np.isfinite(met).all()
    for eye in EYES["mesh478"]:
        falls = met[eye.upper, 1] - met[eye.lower, 1]
        assert (np.sign(falls) == np.sign(before[eye.upper, 1] - before[eye.lower, 1])).all()


def narrowed(share, index=0):
    """A teacher's mesh, each gap of whose lids is `share` of the mean gap of shut eyes."""
    mesh = points_of("mesh478", (0, 0, 5 * index))
    for eye in EYES["mesh478"]:
        factor = (share * TEACHER.shut / eye.gaps(mesh))[:, None]
        middle = (mesh[eye.upper, :] + mesh[eye.lower, :]) / 2
        half = (mesh[eye.upper, :] - mesh[eye.lower, :]) / 2
        mesh[eye.upper, :], mesh[eye.lower, :] = middle + factor * half, middle - factor * half
    return mesh


@pytest.mark.parametrize(("share", "left"), [(1.0, 0.1), (0.5, 0.05), (2.4, 2.4)])
def test_the_gap_that_a_teacher_leaves_is_taken_off(share, left):
    mesh = narrowed(share)
    met = meeting(mesh, EYES["mesh478"], (TEACHER, TEACHER))
    for eye in EYES["mesh478"]:
        np.testing.assert_allclose(eye.gaps(met), left * TEACHER.shut, rtol=0.02)


def test_many_faces_at_once_are_as_one_by_one():
    meshes = np.array([narrowed(share, k) for k, share in enumerate((0.5, 1, 1.4, 1.9, 3))])
    both = (TEACHER, TEACHER)
    together = meeting(meshes, EYES["mesh478"], both)
    alone = [meeting(mesh, EYES["mesh478"], both) for mesh in meshes]
    np.testing.assert_allclose(together, alone, atol=1e-9)


@pytest.mark.parametrize(("share", "of_mesh"), [(0.5, 1.0), (1.3, 0.5), (3.0, 0.0)])
@pytest.mark.parametrize("name", ["ibug68", "ibug68-3d"])
def test_68_points_have_the_lids_of_a_mesh_that_is_shut(name, share, of_mesh):
    mesh = narrowed(share)
    labels, nearest = points_of(name, (3, -2, 0)), mesh478()["nearest68"]
    points, taken = lids_of_mesh(labels[None], mesh[None], EYES[name], nearest)
    lids = [37, 38, 40, 41, 43, 44, 46, 47]
    rest = np.setdiff1d(np.arange(68), lids)
    np.testing.assert_array_equal(points[0, rest], labels[rest])
    assert (taken[0, rest] == 0).all()
    assert taken[0, lids] == pytest.approx(np.full(8, of_mesh), abs=0.1)
    for eye in EYES[name]:
        had, has = (eye.gaps(p[..., :2]) for p in (labels, points[0]))
        of_teacher = eye.gaps(mesh[nearest])
        want = taken[0, 37] * of_teacher + (1 - taken[0, 37]) * had
        np.testing.assert_allclose(has, want, atol=0.05)


def test_shut_lids_of_68_points_weigh_what_the_mesh_does(tmp_path):
    mesh, half_open = narrowed(1.0), points_of("ibug68-3d", (0, 0, 0))
    unseen = np.where(np.isin(np.arange(68), range(36, 48)), 0.0, 1.0).astype(np.float32)
    both = (Labels(mesh, "mesh478"), Labels(half_open, "ibug68-3d", weight=unseen))
    pack((sample(k, labels=both) for k in range(3)), tmp_path, "photographs", PackSettings())
    before = read_pack(tmp_path)
    found = with_shut_lids(before).labels("ibug68-3d")
    eye = EYES["ibug68-3d"][0]
    wide, shut = (eye.gaps(item.points[..., :2]) for item in (before.labels("ibug68-3d"), found))
    assert shut.max() < 0.3 * wide.min()
    assert (found.weight[:, [37, 38, 40, 41]] == 1).all()
    assert (found.weight[:, [36, 39]] == 0).all()  # the corners are left as they were


def test_photographs_and_turned_ones_are_mended_rendered_heads_are_not(tmp_path):
    shards = []
    for name in ("photographs", MADE + "profile", MADE + "rendered"):
        faces = (sample(k, labels=(Labels(narrowed(1.0), "mesh478"),)) for k in range(3))
        pack(faces, tmp_path / name, name, PackSettings(side=128))
        shards += read_pack(tmp_path / name).shards
    found = with_shut_lids(Pack(tuple(shards)))
    eye = EYES["mesh478"][0]
    gaps = eye.gaps(found.labels("mesh478").points).mean(1) / TEACHER.shut.mean()
    assert gaps[:6] == pytest.approx(np.full(6, 0.1), abs=0.03)
    assert gaps[6:] == pytest.approx(np.full(3, 1.0), abs=0.03)
