"""Missing `ibug68` come from the map of the dense teachers; outliers lose their weight."""

from dataclasses import replace

import numpy as np
import pytest

from bauta.data.cutting import PackSettings
from bauta.data.packing import pack
from bauta.data.packs import MADE, Pack, read_pack
from bauta.data.sample import Labels
from bauta.data.targets import MAPPED_WEIGHT, map68, with_mapped68
from made_faces import points_of, sample

COUNT = 480
OUTLIERS = {5, 20}
"""Labelled faces whose labels are of something else."""


def convention(mesh):
    """A made-up contour, linear in the mesh: between its nose and each of 68 of its points."""
    return 0.3 * mesh[1:2, :2] + 0.7 * mesh[np.arange(68) * 6, :2]


def made(index):
    """Every face but each eighth is labelled; each tenth mesh is doubtful; each twelfth blinks."""
    rng = np.random.default_rng(index)
    pose = tuple(rng.uniform(-35, 35, 3))
    mesh, bone = points_of("mesh478", pose), points_of("ibug68-3d", pose)
    if index % 12 == 0:
        for upper, lower in ((160, 144), (158, 153)):
            mesh[lower] = mesh[upper]
    doubt = np.full(478, 0.1 if index % 10 == 0 else 1.0, np.float32)
    labels = [Labels(mesh, "mesh478", weight=doubt), Labels(bone, "ibug68-3d")]
    if index % 8:
        points = convention(mesh) + rng.normal(size=(68, 2)) * 0.2
        labels.append(Labels(points + (40 if index in OUTLIERS else 0), "ibug68"))
    return sample(index, labels=tuple(labels))


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    pack(map(made, range(COUNT)), folder, "made", PackSettings(side=64))
    return read_pack(folder)


def numbers(found):
    return np.array([int(name[:-4]) for name in found.name])


def truth(found):
    return np.array([convention(mesh) for mesh in found.labels("mesh478").points])


def test_the_map_recovers_a_linear_convention_on_people_it_was_not_fitted_on(packed):
    error = np.linalg.norm(map68(packed) - truth(packed), axis=-1).mean(1)
    calm = numbers(packed) % 12 > 0
    eyes = np.linalg.norm(truth(packed)[:, 36] - truth(packed)[:, 45], axis=-1)
    for split in ("train", "val", "test"):
        rows = calm & (packed.split == split)
        assert rows.sum() > 20
        assert np.median(error[rows] / eyes[rows]) < 0.02


def test_the_map_asks_for_no_depth_of_the_68(packed):
    bone = packed.labels("ibug68-3d")
    flat = np.array(bone.points)
    flat[::2, :, 2] = np.nan
    mixed = packed.with_labels({"ibug68-3d": replace(bone, points=flat)})
    assert np.array_equal(map68(mixed), map68(packed))
    assert np.isfinite(map68(mixed)).all()


def test_a_depth_of_the_visible_contour_is_passed_over(packed):
    labels = packed.labels("ibug68")
    deep = np.concatenate([labels.points, np.full((COUNT, 68, 1), 3, np.float32)], 2)
    deeper = packed.with_labels({"ibug68": replace(labels, points=deep)})
    got, want = (with_mapped68(p).labels("ibug68") for p in (deeper, packed))
    assert np.array_equal(got.points, want.points, equal_nan=True)
    assert np.array_equal(got.weight, want.weight)


def test_only_what_is_missing_is_filled_and_it_weighs_less(packed):
    filled, index = with_mapped68(packed).labels("ibug68"), numbers(packed)
    missing = index % 8 == 0
    assert np.isnan(packed.labels("ibug68").points[missing]).all()
    assert np.isfinite(filled.points).all()
    assert (filled.points[~missing] == packed.labels("ibug68").points[~missing]).all()
    sure = missing & (index % 10 > 0)
    assert filled.weight[sure, 30] == pytest.approx(MAPPED_WEIGHT, abs=1e-3)
    doubtful = missing & (index % 10 == 0)
    assert filled.weight[doubtful, 30] == pytest.approx(0.1 * MAPPED_WEIGHT, abs=1e-3)
    assert (packed.labels("ibug68").weight[missing] == 0).all()  # the pack itself is unchanged


def test_lids_of_a_shut_eye_are_not_made_up(packed):
    filled, index = with_mapped68(packed).labels("ibug68"), numbers(packed)
    shut = np.flatnonzero((index % 24 == 0) & (index % 10 > 0))
    assert len(shut) > 5
    assert (filled.weight[shut, 36:42] == 0).all()
    assert (filled.weight[shut, 42:48] > 0).all()


def test_a_label_of_something_else_loses_its_weight(packed):
    filled, index = with_mapped68(packed).labels("ibug68"), numbers(packed)
    outlier = np.isin(index, list(OUTLIERS))
    assert (filled.weight[outlier] == 0).all()
    usual = (index % 8 > 0) & (index % 12 > 0) & ~outlier
    assert np.median(filled.weight[usual]) > 0.9


def test_packs_without_both_teachers_are_left_as_they_are(packed, tmp_path):
    pack((sample(i) for i in range(3)), tmp_path, "made", PackSettings(side=64))
    found = read_pack(tmp_path)
    assert with_mapped68(found) is found


def test_too_few_labels_make_no_map(tmp_path):
    pack(map(made, range(40)), tmp_path, "made", PackSettings(side=64))
    found = with_mapped68(read_pack(tmp_path))
    missing = numbers(found) % 8 == 0
    assert np.isnan(found.labels("ibug68").points[missing]).all()
    assert (found.labels("ibug68").weight[missing] == 0).all()


def test_made_pictures_neither_shape_the_map_nor_are_judged_by_it(packed, tmp_path):
    def other(index):
        """Another convention, as at a large angle; one in three looks like a photograph's."""
        found = made(index)
        labels = [item for item in found.labels if item.scheme != "ibug68"]
        mesh = labels[0].points
        points = convention(mesh) + (15 if index % 3 else 0)
        return replace(found, labels=(*labels, Labels(points, "ibug68")))

    pack(map(other, range(COUNT)), tmp_path / "made", MADE + "profile", PackSettings(side=64))
    both = Pack((*packed.shards, *read_pack(tmp_path / "made").shards))
    alone, mixed = with_mapped68(packed).labels("ibug68"), with_mapped68(both).labels("ibug68")
    np.testing.assert_allclose(mixed.points[~both.made], alone.points, atol=1e-3)
    np.testing.assert_array_equal(mixed.weight[both.made], both.labels("ibug68").weight[both.made])
