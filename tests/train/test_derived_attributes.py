"""Attributes that points say, handed over with crops. No torch needed."""

from dataclasses import replace

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.data.cutting import PackSettings
from bauta.data.packing import pack
from bauta.data.packs import read_pack
from bauta.data.sample import Labels
from bauta.train.augment import NONE
from bauta.train.dataset import DataSettings, FaceCrops
from made_faces import points_of, sample

YAWS = (-60, -30, 0, 30, 60)


def made(index):
    """A face of a known yaw; every other one has its mouth drawn wide."""
    points = points_of("ibug68", (YAWS[index % 5], 0, 0))[:, :2].copy()
    eyes = points[45] - points[36]
    middle, width = (points[48] + points[54]) / 2, 0.8 if index % 2 else 0.55
    points[48], points[54] = middle - width / 2 * eyes, middle + width / 2 * eyes
    return sample(index, labels=(Labels(points, "ibug68"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("packs") / "made"
    pack(map(made, range(60)), root, "made", PackSettings(side=96, shard=30))
    return root


def batch(folder, flip, **data):
    settings = DataSettings(packs=(folder,), attributes=("smile", "pose_class"), **data)
    augment = replace(NONE, geometry=replace(NONE.geometry, flip=flip))
    return FaceCrops(settings, augment, 64).batch(0, 0, 60)


def test_smile_and_class_of_yaw_are_those_of_the_face(folder):
    found = batch(folder, flip=0.0)
    names = read_pack(folder).name[found.rows]
    index = np.array([int(name.split(".")[0]) for name in names])
    assert found.attributes["smile"].tolist() == (index % 2).tolist()
    assert found.attributes["pose_class"].tolist() == (index % 5).tolist()


def test_a_mirrored_face_is_turned_the_other_way_and_smiles_as_before(folder):
    found = batch(folder, flip=1.0)
    names = read_pack(folder).name[found.rows]
    index = np.array([int(name.split(".")[0]) for name in names])
    assert found.attributes["pose_class"].tolist() == (4 - index % 5).tolist()
    assert found.attributes["smile"].tolist() == (index % 2).tolist()


def test_crops_without_a_face_have_no_attributes(folder):
    found = batch(folder, flip=0.0, absent=0.4)
    absent = found.rows < 0
    assert absent.any()
    assert np.isnan(found.attributes["smile"][absent]).all()
    assert np.isnan(found.attributes["pose_class"][absent]).all()


def test_what_nobody_says_is_refused(folder):
    with pytest.raises(InputError, match="glasses"):
        FaceCrops(DataSettings(packs=(folder,), attributes=("glasses",)), NONE, 64)
