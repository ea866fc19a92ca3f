"""Batches from packs: reproducible whatever draws them, weighted as asked. No torch needed."""

import dataclasses

import numpy as np
import pytest

from bauta.checks import InputError, SourceError
from bauta.data.cutting import PackSettings
from bauta.data.packing import pack
from bauta.data.sample import Labels, Sample
from bauta.schemes import MIRROR68
from bauta.train.augment import NONE, Augment
from bauta.train.dataset import DataSettings, FaceCrops
from bauta.train.show import sheet
from made_faces import dotted, points_of, sample

YAWS = [0] * 20 + [50, -50]
SIZE = 64


def labelled(index):
    """A face with two schemes; of every other one it is known what is visible."""
    pose = (YAWS[index % len(YAWS)], 0, 0)
    flat, deep = points_of("ibug68", pose)[:, :2], points_of("ibug68-3d", pose)
    deep[3] = np.nan
    hidden = np.arange(68) != 8 if index % 2 else None
    labels = (Labels(flat, "ibug68", visible=hidden), Labels(deep, "ibug68-3d"))
    attributes = {"smile": index % 2} if index < 20 else {}
    return sample(index, pose, labels=labels, attributes=attributes)


def photo(index):
    return Sample(f"photo {index}", lambda: dotted([(30, 40)], level=100 + 10 * index), ())


def alike(index):
    box = np.array([100, 60, 180, 150], np.float32)
    return Sample(f"alike {index}", lambda: dotted([(120, 90)], level=200 + index), (), box=box)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("packs")
    settings = PackSettings(side=96, shard=30)
    pack(map(labelled, range(44)), root / "one", "one", settings)
    pack((sample(100 + i) for i in range(20)), root / "two", "two", settings)
    pack(map(photo, range(15)), root / "photos", "photos", settings)
    pack(map(alike, range(15)), root / "alikes", "alikes", settings)
    return root


def crops(folder, augment=None, split="train", **data):
    settings = DataSettings(packs=(folder,), **data)
    return FaceCrops(settings, augment or Augment(), SIZE, split)


def same(a, b):
    fields = [field.name for field in dataclasses.fields(a)]
    for name in fields:
        x, y = getattr(a, name), getattr(b, name)
        if isinstance(x, dict):
            assert list(x) == list(y)
            assert all(np.array_equal(x[key], y[key], equal_nan=True) for key in x)
        else:
            assert np.array_equal(x, y, equal_nan=True)


def test_a_batch_is_what_batches_are(folder):
    found = crops(folder, absent=0.3, attributes=("smile",)).batch(0, 0, 40)
    assert found.images.shape == (40, SIZE, SIZE, 3)
    assert found.images.dtype == np.uint8
    assert found.points["ibug68"].shape == (40, 68, 2)
    assert found.points["ibug68-3d"].shape == (40, 68, 3)
    assert found.attributes["smile"].shape == (40,)
    absent = found.present == 0
    assert 4 < absent.sum() < 22
    assert (found.rows[absent] == -1).all()
    assert (found.rows[~absent] >= 0).all()
    for name, points in found.points.items():
        assert np.isfinite(points).all()
        assert points.dtype == found.weights[name].dtype == np.float32
        assert (found.weights[name][absent] == 0).all()
    assert np.isnan(found.pose[absent]).all()
    assert np.isfinite(found.pose[~absent]).all()
    assert np.isnan(found.attributes["smile"][absent]).all()


def test_unknown_points_weigh_nothing(folder):
    found = crops(folder, sets={"two": 0.0}).batch(0, 0, 30)
    unknown = found.weights["ibug68-3d"] == 0
    flipped = np.where(unknown[:, MIRROR68[3]], MIRROR68[3], 3)
    assert (unknown.sum(1) == 1).all()
    assert unknown[np.arange(30), flipped].all()
    assert set(flipped) == {3, 13}


def test_a_set_without_a_scheme_weighs_nothing_in_it(folder):
    found = crops(folder, sets={"one": 0.0}).batch(0, 0, 12)
    assert (found.weights["ibug68-3d"] == 0).all()
    assert (found.weights["ibug68"] == 1).all()
    assert np.isnan(found.visible["ibug68"]).all()


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """A set with a z and one without, both `ibug68-3d`; one pack of the latter."""
    root = tmp_path_factory.mktemp("halves")
    for name, dims in (("deep", 3), ("flat", 2)):
        made = []
        for i in range(30):
            points = points_of("ibug68-3d", (YAWS[-1 - i % 2], 0, 0))[:, :dims]
            made.append(sample(i + 100 * dims, labels=(Labels(points, "ibug68-3d"),)))
        pack(made, root / name, name, PackSettings(side=96))
    return root


def test_a_set_without_a_depth_takes_it_from_no_other(halves):
    """Drawn with everything on: flips, turns, occluders."""
    data = crops(halves)
    assert data.schemes == {"ibug68-3d": (68, 3)}
    found = data.batch(0, 0, 60)
    deep = data.pack.source[found.rows] == "deep"
    assert 10 < deep.sum() < 50
    points = found.points["ibug68-3d"]
    assert np.isfinite(points[..., :2]).all()
    assert np.isfinite(points[deep]).all()
    assert np.isnan(points[~deep][..., 2]).all()
    assert (found.weights["ibug68-3d"] == 1).all()
    assert np.isfinite(found.pose).all()


def test_rows_of_no_face_are_finite_where_others_lack_a_depth(halves):
    found = crops(halves, absent=0.5).batch(0, 0, 30)
    absent = found.present == 0
    assert absent.any()
    assert (found.points["ibug68-3d"][absent] == 0).all()


@pytest.mark.parametrize("balance", ["angles", "pdb"])
def test_poses_are_balanced_without_a_depth(halves, balance):
    both, flat = crops(halves, balance=balance), crops(halves / "flat", balance=balance)
    assert np.isfinite(both.pose).all()
    assert flat.batch(0, 0, 4).points["ibug68-3d"].shape == (4, 68, 2)


def test_visibility_comes_with_the_points(folder):
    found = crops(folder, NONE, sets={"two": 0.0}).batch(0, 0, 30)
    known = np.isfinite(found.visible["ibug68"]).all(1)
    assert 3 < known.sum() < 27
    assert (found.visible["ibug68"][known, 8] == 0).all()
    assert (np.delete(found.visible["ibug68"][known], 8, 1) == 1).all()


def test_the_same_numbers_give_the_same_batch_whoever_draws(folder):
    one = crops(folder, absent=0.2, threads=1)
    three = crops(folder, absent=0.2, threads=3)
    for a, b in zip(one.batches(7, range(4), 6), three.batches(7, range(4), 6), strict=True):
        same(a, b)
    same(one.batch(7, 2, 6), next(three.batches(7, range(2, 3), 6)))
    assert (one.batch(8, 2, 6).images != one.batch(7, 2, 6).images).any()
    assert (one.batch(7, 3, 6).images != one.batch(7, 2, 6).images).any()


def test_processes_see_together_what_one_would(folder):
    data = crops(folder, absent=0.2)
    whole = data.batch(1, 5, 8)
    for rank in range(2):
        part = data.batch(1, 5, 8, rank, 2)
        assert (part.images == whole.images[rank::2]).all()
        assert (part.rows == whole.rows[rank::2]).all()


def test_every_draw_of_a_face_is_another(folder):
    data = crops(folder)
    drawn = data.batch(0, 0, 200)
    row = np.bincount(drawn.rows).argmax()
    images = drawn.images[drawn.rows == row]
    assert len(images) > 2
    assert (images[0] != images[1]).any()


def test_splits_share_no_person(folder):
    drawn = [crops(folder, split=split) for split in ("train", "val", "test")]
    people = [set(data.pack.person[data.rows]) for data in drawn]
    assert all(people)
    assert not people[0] & people[1]
    assert not people[0] & people[2]
    drawn = crops(folder, split="val").batch(0, 0, 40).rows
    assert set(crops(folder).pack.split[drawn]) == {"val"}


def share(data, rows, count=600):
    drawn = np.concatenate([data.batch(0, step, 100).rows for step in range(count // 100)])
    return np.isin(drawn, rows).mean()


def test_sets_are_drawn_as_often_as_asked(folder):
    data = crops(folder, NONE, sets={"one": 3.0})
    two = np.flatnonzero(data.pack.source == "two")
    rows = data.rows
    want = np.isin(rows, two).sum()
    assert share(data, two) == pytest.approx(want / (want + 3 * (len(rows) - want)), abs=0.05)
    with pytest.raises(InputError, match="no set 'three'"):
        crops(folder, sets={"three": 1.0})


@pytest.mark.parametrize("balance", ["angles", "pdb"])
def test_rare_poses_are_drawn_more_often(folder, balance):
    plain = crops(folder, NONE, sets={"two": 0.0}, schemes=("ibug68",))
    even = crops(folder, NONE, sets={"two": 0.0}, schemes=("ibug68",), balance=balance)
    turned = np.flatnonzero(np.abs(plain.pose[:, 0]) > 30)
    here = np.isin(plain.rows, turned).sum()
    rest = len(plain.rows) - here
    factor = min(round(rest / here), 10)
    assert share(plain, turned) == pytest.approx(here / (here + rest), abs=0.04)
    assert share(even, turned) == pytest.approx(factor * here / (factor * here + rest), abs=0.06)
    capped = crops(folder, NONE, sets={"two": 0.0}, schemes=("ibug68",), balance=balance,
                   balance_most=2.0)  # fmt: skip
    assert share(capped, turned) == pytest.approx(2 * here / (2 * here + rest), abs=0.05)


def test_shut_eyes_are_drawn_more_often(tmp_path):
    def made(index):
        points = points_of("ibug68")[:, :2].copy()
        if index % 10 == 0:
            for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
                points[lower] = points[upper]
        return sample(index, labels=(Labels(points, "ibug68"),))

    pack(map(made, range(80)), tmp_path, "one", PackSettings(side=64))
    data = crops(tmp_path, NONE, shut_eyes=5.0)
    shut = [row for row in data.rows if int(data.pack.name[row][:-4]) % 10 == 0]
    rest = len(data.rows) - len(shut)
    assert share(data, shut) == pytest.approx(5 * len(shut) / (5 * len(shut) + rest), abs=0.06)


def test_the_pose_is_the_one_of_the_crop(folder):
    data = crops(folder, sets={"two": 0.0}, schemes=("ibug68",))
    found = data.batch(0, 0, 40)
    from bauta.head_pose import estimate_pose

    measured = estimate_pose(found.points["ibug68"], "ibug68")
    # labels are kept to 1/32 pixel of a crop of 96
    assert found.pose == pytest.approx(measured, abs=0.7)
    assert set(np.sign(found.pose[np.abs(found.pose[:, 0]) > 30, 0])) == {-1, 1}


def test_without_photographs_there_are_textures_and_absent_faces_all_the_same(folder):
    data = FaceCrops(DataSettings(packs=(folder / "one",), absent=0.5), Augment(), SIZE)
    found = data.batch(0, 0, 40)
    assert 8 < (found.present == 0).sum() < 32
    assert not len(data.nobody.photos)


def test_photographs_and_lookalikes_are_told_apart(folder):
    data = crops(folder)
    assert set(data.pack.source[data.nobody.photos]) == {"photos"}
    assert set(data.pack.source[data.nobody.lookalikes]) == {"alikes"}
    assert set(data.pack.split[data.nobody.photos]) == {"train"}


def test_errors_of_the_drawing_threads_arrive(folder, tmp_path):
    pack(map(labelled, range(10)), tmp_path, "one", PackSettings(side=64))
    data = crops(tmp_path)
    path = tmp_path / "00000.jpegs"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(SourceError, match="is damaged"):
        list(data.batches(0, range(3), 4))


def test_what_packs_do_not_have_is_refused(folder):
    with pytest.raises(InputError, match="wflw98"):
        crops(folder, schemes=("wflw98",))
    with pytest.raises(InputError, match="beard"):
        crops(folder, attributes=("beard",))
    with pytest.raises(InputError, match="no labelled face"):
        crops(folder / "photos")
    with pytest.raises(InputError, match="absent"):
        DataSettings(absent=1.0)


def test_an_official_test_subset_alone_is_refused_by_that_name(tmp_path):
    pack((sample(i, subset="common") for i in range(20)), tmp_path, "300w", PackSettings(side=48))
    with pytest.raises(InputError, match=r"subsets 'common', and official = true"):
        crops(tmp_path, official=True)
    assert len(crops(tmp_path))


def test_the_sheet_shows_points_rings_and_absence(folder):
    data = crops(folder, NONE, sets={"two": 0.0}, schemes=("ibug68",), absent=0.4)
    batch = data.batch(0, 0, 10)
    picture = sheet(batch, 4, zoom=2)
    assert picture.shape == (3 * 2 * SIZE, 4 * 2 * SIZE, 3)
    for row in range(10):
        y, x = (row // 4) * 2 * SIZE, (row % 4) * 2 * SIZE
        tile = picture[y : y + 2 * SIZE, x : x + 2 * SIZE]
        red = (tile[0, :, 0] > 200) & (tile[0, :, 1] < 80)
        assert red.all() == (batch.present[row] == 0)
        if batch.present[row]:
            at = np.floor(batch.points["ibug68"][row, 30] * 2).astype(int)
            assert tuple(tile[at[1], at[0]]) == (90, 220, 90)


def test_people_who_once_look_to_the_side_are_left_out_whole(tmp_path):
    def of(index):
        """Two pictures a person; every third person looks aside in the second."""
        yaw = 60 if index % 6 == 1 else 5
        bone = Labels(points_of("ibug68-3d", (yaw, 0, 0)), "ibug68-3d")
        return sample(index, (yaw, 0, 0), labels=(bone,), person=f"person {index // 2}")

    pack(map(of, range(120)), tmp_path / "pack", "pack", PackSettings(side=64))
    all_rows, kept = crops(tmp_path).rows, crops(tmp_path, most_yaw=45.0).rows
    people = {
        name: [int(p.split()[1]) for p in crops(tmp_path).pack.person[rows]]
        for name, rows in (("all", all_rows), ("kept", kept))
    }
    assert any(person % 3 == 0 for person in people["all"])
    assert people["kept"] == [person for person in people["all"] if person % 3]
