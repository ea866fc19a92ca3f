"""What is packed comes back: points under their pixels, whatever was interrupted or damaged."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bauta.checks import InputError, SinkError, SourceError
from bauta.data.cutting import PackSettings
from bauta.data.fixed_point import pack_points, unpack_points
from bauta.data.framing import frame_of
from bauta.data.packing import pack
from bauta.data.packs import MADE, read_pack
from bauta.data.sample import Labels, Sample
from bauta.data.splits import split_of
from bauta.geometry import affine
from made_faces import FEW, dot_near, dotted, points_of, sample

POSES = [(0, 0, 0), (30, 0, 0), (-30, 10, 0), (0, -15, 20), (15, 15, -25)]
SMALL_SHARDS = PackSettings(side=192, quality=95, shard=2)


def faces(count=5):
    return [sample(i, POSES[i % 5]) for i in range(count)]


def everything(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rows_of(folder):
    """Names and pictures, in whatever shards."""
    found = read_pack(folder)
    return [(str(found.name[k]), found.encoded(k).tobytes()) for k in range(len(found))]


def stopping_at(count):
    yield from faces()[:count]
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    pack(faces(), folder, "made", SMALL_SHARDS)
    return folder


def test_the_points_lie_under_the_pixels_of_the_crop(packed):
    found = read_pack(packed)
    points = found.labels("ibug68").points
    for row in range(len(found)):
        for index in FEW:
            seen = dot_near(found.image(row), points[row, index])
            assert np.abs(seen - points[row, index]).max() < 0.25


def test_transform_and_rounding_are_those_of_the_settings(packed):
    found = read_pack(packed)
    for row, made in enumerate(faces()):
        want = affine.apply(found.transform[row], made.points)
        got = found.labels("ibug68").points[row]
        assert np.abs(got - want).max() <= 0.5 / SMALL_SHARDS.unit + 1e-4


def test_the_face_fills_the_crop_as_the_margin_says(packed):
    """The mesh of the same face is 1 / 1.25 of the frame, the frame 1 / 1.7 of the crop."""
    found = read_pack(packed)
    mesh = affine.apply(found.transform[0], points_of("mesh478", center=(150, 115))[:468, :2])
    assert np.ptp(mesh, axis=0).max() == pytest.approx(192 / 1.7 / 1.25, rel=0.01)
    assert (mesh.min(0) + mesh.max(0)) / 2 == pytest.approx([96, 96], abs=0.6)
    assert found.frame[0] == pytest.approx([96, 96, 192 / 1.7, 0], abs=0.01)
    assert found.rect[0] == pytest.approx(
        affine.apply(found.transform[0], np.array([[0, 0], [320, 240]])).ravel(), abs=1e-3
    )


def test_a_crop_stands_as_its_picture_does_and_tells_how_the_head_is_turned(packed):
    found = read_pack(packed)
    assert found.transform[:, 0, 1] == pytest.approx(np.zeros(5), abs=1e-9)
    assert found.transform[:, 0, 0] == pytest.approx(found.transform[:, 1, 1])
    assert np.degrees(found.frame[:, 3]) == pytest.approx([0, 0, 0, 20, -25], abs=6)


@pytest.mark.parametrize("pose", POSES)
def test_few_points_frame_the_face_like_the_whole_mesh(pose):
    few, whole = (
        frame_of(Sample("a", lambda: dotted([]), (Labels(points_of(name, pose), name),)))
        for name in ("ibug51", "mesh478")
    )
    assert few is not None
    assert whole is not None
    assert few[0].center == pytest.approx(whole[0].center, abs=0.05)
    assert few[0].side == pytest.approx(whole[0].side, rel=1e-3)
    assert few[0].angle == pytest.approx(np.radians(pose[2]), abs=0.2)
    assert few[0].angle == pytest.approx(whole[0].angle, abs=1e-3)
    assert few[1] == pytest.approx(whole[1], abs=0.05)


def test_a_face_without_a_known_layout_is_framed_by_its_box():
    box = np.array([100, 80, 200, 180], np.float32)
    five = Labels(points_of("celeba5")[:, :2], "celeba5")
    found = frame_of(Sample("a", lambda: dotted([]), (five,), box=box))
    assert found is not None
    assert found[0].side == pytest.approx(1.27 * 100)
    assert found[0].center == pytest.approx([150, 130 + 5.7])


def test_columns_say_who_where_and_on_whose_terms(packed):
    found = read_pack(packed)
    assert found.name.tolist() == [f"{i}.png" for i in range(5)]
    assert found.person.tolist() == [f"person {i}" for i in range(5)]
    assert found.split.tolist() == [split_of(f"person {i}") for i in range(5)]
    assert set(found.source) == {"made"}
    assert set(found.licence) == {"made up"}
    description = json.loads((packed / "pack.json").read_text())
    assert description["rows"] == 5
    assert description["licences"] == {"made up": 5}
    assert description["settings"]["side"] == 192
    assert len(description["shards"]) == 3


def test_an_interrupted_pack_continues_to_the_same_bytes(packed, tmp_path):
    read = []

    with pytest.raises(KeyboardInterrupt):
        pack(stopping_at(3), tmp_path, "made", SMALL_SHARDS)
    with pytest.raises(SourceError, match="interrupted"):
        read_pack(tmp_path)
    again = [
        Sample(m.name, lambda m=m: read.append(m.name) or m.picture(), m.labels, person=m.person,
               licence=m.licence)
        for m in faces()
    ]  # fmt: skip
    pack(again, tmp_path, "made", SMALL_SHARDS)
    assert sorted(read) == ["2.png", "3.png", "4.png"]
    assert everything(tmp_path) == everything(packed)


def test_a_finished_pack_is_not_made_again(packed):
    before = everything(packed)
    assert pack([], packed, "made", SMALL_SHARDS).rows == 5
    assert everything(packed) == before


def test_a_folder_of_other_settings_is_refused_and_what_differs_is_named(packed):
    with pytest.raises(SinkError, match="made with side 192, now 64; quality 95, now 92; choose"):
        pack(faces(), packed, "made", PackSettings(side=64, shard=2))
    with pytest.raises(SinkError, match="set made, now else; subset nothing, now train; choose"):
        pack(faces(), packed, "else", SMALL_SHARDS, "train")


def test_another_size_of_shards_goes_on(packed, tmp_path):
    """It changes no row; packs that were begun with larger ones are finished with smaller ones."""
    with pytest.raises(KeyboardInterrupt):
        pack(stopping_at(4), tmp_path, "made", SMALL_SHARDS)
    pack(faces(), tmp_path, "made", replace(SMALL_SHARDS, shard=1))
    assert len(read_pack(tmp_path).shards) == 2 + 1
    assert rows_of(tmp_path) == rows_of(packed)


def test_every_sample_is_counted(tmp_path):
    counted = []
    pack(faces(), tmp_path, "made", SMALL_SHARDS, after=counted.append)
    assert counted == [1, 2, 3, 4, 5]


MAKER = {"maker": "1", "head": "small"}


def make(folder, count, maker=MAKER, seed="seed 1"):
    return pack(faces(count), folder, MADE + "free", SMALL_SHARDS, seed, maker=maker)


def test_a_pack_of_made_pictures_grows_to_the_same_rows(tmp_path):
    make(tmp_path / "once", 5)
    assert make(tmp_path / "grown", 3).rows == 3
    assert make(tmp_path / "grown", 5).rows == 5
    assert rows_of(tmp_path / "once") == rows_of(tmp_path / "grown")
    points = [read_pack(tmp_path / name).labels("ibug68").points for name in ("once", "grown")]
    assert np.abs(points[0] - points[1]).max() <= 1 / SMALL_SHARDS.unit + 1e-4
    before = everything(tmp_path / "grown")
    assert make(tmp_path / "grown", 5).rows == 5
    assert everything(tmp_path / "grown") == before
    with pytest.raises(SinkError, match="has 5 samples, now 4; choose"):
        make(tmp_path / "grown", 4)


def test_pictures_of_another_maker_are_not_mixed_in(tmp_path):
    make(tmp_path, 3)
    with pytest.raises(SinkError, match="made with head small, now full; choose"):
        make(tmp_path, 5, {**MAKER, "head": "full"})
    with pytest.raises(SinkError, match="made with head small, now nothing; choose"):
        make(tmp_path, 3, {"maker": "1"})
    with pytest.raises(SinkError, match="subset seed 1, now seed 2; choose"):
        make(tmp_path, 5, seed="seed 2")
    assert read_pack(tmp_path).name.tolist() == ["0.png", "1.png", "2.png"]


def test_a_pack_from_before_makers_were_told_goes_on(tmp_path):
    """Behind the seed stood how many were asked for."""
    pack(faces(3), tmp_path, MADE + "free", SMALL_SHARDS, "seed 1, 3")
    before = everything(tmp_path)
    assert make(tmp_path, 3).rows == 3
    assert everything(tmp_path) == before
    assert make(tmp_path, 5).rows == 5
    said = json.loads((tmp_path / "pack.json").read_text())
    assert (said["subset"], said["maker"], said["of_unknown_maker"]) == ("seed 1", MAKER, 3)
    with pytest.raises(SinkError, match="subset seed 1, now seed 2"):
        make(tmp_path, 6, seed="seed 2")


def broken():
    raise SourceError("b.png: cut off")


def test_unreadable_pictures_are_named_and_left_out(tmp_path):
    one, two = faces(2)
    bad = Sample("b.png", broken, one.labels, person="b")
    report = pack([one, bad, two], tmp_path, "made", SMALL_SHARDS)
    assert report.rows == 2
    assert report.unreadable == {"b.png": "b.png: cut off"}
    assert read_pack(tmp_path).name.tolist() == ["0.png", "1.png"]


def test_nothing_readable_is_an_error(tmp_path):
    bad = Sample("b.png", broken, faces(1)[0].labels, person="b")
    with pytest.raises(SourceError, match=r"nothing to pack; b\.png"):
        pack([bad], tmp_path, "made", SMALL_SHARDS)


def test_the_very_same_crop_is_kept_once(tmp_path):
    report = pack([*faces(2), *faces(1)], tmp_path, "made", SMALL_SHARDS)
    assert (report.rows, report.repeats) == (2, 1)


def use_all(folder):
    found = read_pack(folder)
    found.labels("ibug68")
    for row in range(len(found)):
        found.image(row)


@pytest.mark.parametrize(
    ("file", "damage", "match"),
    [
        ("00001.jpegs", lambda data: data[:-7], "00001.jpegs is damaged"),
        ("00001.npz", lambda data: data[: len(data) // 2], "00001.npz is damaged"),
        ("00001.npz", None, "cannot read 00001.npz"),
        ("pack.json", lambda data: b"[]", "not the description of a pack"),
        ("pack.json", lambda data: data[:-9], "not the description of a pack"),
        ("pack.json", None, "holds no pack.json"),
    ],
)
def test_damage_is_named(packed, tmp_path, file, damage, match):
    shutil.copytree(packed, tmp_path / "p")
    path = tmp_path / "p" / file
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SourceError, match=match):
        use_all(tmp_path / "p")


KEYS = (
    *(("version",), ("complete",), ("set",), ("schemes",), ("settings",), ("shards",)),
    *(("settings", "codec"), ("settings", "unit"), ("schemes", "ibug68")),
    *(("shards", 1, "file"), ("shards", 1, "rows"), ("shards", 1, "bytes")),
)
"""What is read of pack.json."""


def changed(packed, folder, keys, change):
    """A copy of a pack; `change(table, key)` what stands at `keys` of its description."""
    shutil.copytree(packed, folder)
    path = folder / "pack.json"
    whole = table = json.loads(path.read_text())
    for key in keys[:-1]:
        table = table[key]
    change(table, keys[-1])
    path.write_text(json.dumps(whole))
    return folder


@pytest.mark.parametrize("keys", KEYS, ids=lambda keys: ".".join(map(str, keys)))
def test_a_key_that_is_missing_or_of_another_type_is_named(packed, tmp_path, keys):
    name = str(keys[-1])
    wrong = changed(packed, tmp_path / "a", keys, lambda table, key: table.update({key: None}))
    with pytest.raises(SourceError, match=rf"pack\.json.*'{name}' is"):
        read_pack(wrong)
    if keys[0] == "schemes" and len(keys) > 1:
        return  # a pack may have any schemes
    without = changed(packed, tmp_path / "b", keys, lambda table, key: table.pop(key))
    with pytest.raises(SourceError, match=rf"pack\.json.* has no '{name}'; pack again"):
        read_pack(without)


def test_a_crop_that_is_no_picture_is_named(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "p")
    path = tmp_path / "p" / "00000.jpegs"
    path.write_bytes(bytes(len(path.read_bytes())))
    with pytest.raises(SourceError, match=r"00000\.jpegs is damaged \(row 1"):
        read_pack(tmp_path / "p").image(1)


def test_objects_are_never_unpickled(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "p")
    path = tmp_path / "p" / "00000.npz"
    with np.load(path) as arrays:
        held = {key: arrays[key] for key in arrays.files}
    objects = held | {"name": np.array([{}, {}], object)}
    np.savez(path, **objects)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="pickle"):
        _ = read_pack(tmp_path / "p").name


def test_a_zip_file_of_a_pack_is_that_pack(packed, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "made"), "zip", packed))
    folder, zipped = read_pack(packed), read_pack(archive)
    assert (folder.image(4) == zipped.image(4)).all()
    assert (folder.labels("ibug68").points == zipped.labels("ibug68").points).all()


def test_webp_is_smaller_and_the_same_faces(packed, tmp_path):
    settings = PackSettings(side=192, quality=95, shard=5, codec="webp")
    pack(faces(), tmp_path, "made", settings)
    small, whole = read_pack(tmp_path), read_pack(packed)
    assert (tmp_path / "00000.webps").stat().st_size < sum(
        path.stat().st_size for path in packed.glob("*.jpegs")
    )
    for row in range(5):
        assert np.abs(small.image(row).astype(int) - whole.image(row)).mean() < 2


def test_packs_are_joined_in_order_and_lack_what_they_lack(packed, tmp_path):
    mesh = Labels(points_of("mesh478"), "mesh478", weight=np.full(478, 0.5))
    hidden = np.arange(68) % 2 == 0
    flat = Labels(points_of("ibug68"), "ibug68", visible=hidden)
    other = sample(9, labels=(mesh, flat), attributes={"smile": True, "expression/jawOpen": 0.5})
    pack([other], tmp_path / "b", "other", SMALL_SHARDS)
    both = read_pack(packed, tmp_path / "b")
    assert len(both) == 6
    assert both.source.tolist() == ["made"] * 5 + ["other"]
    assert both.name[5] == "9.png"
    assert both.schemes == {"ibug68": (68, 3), "mesh478": (478, 3)}
    column = both.labels("mesh478")
    assert np.isnan(column.points[:5]).all()
    assert (column.weight[:5] == 0).all()
    assert (column.weight[5] == 0.5).all()
    visible = both.labels("ibug68").visible
    assert visible is not None
    assert (visible[:5] == -1).all()
    assert (visible[5] == hidden).all()
    assert np.isnan(both.attribute("smile")[:5]).all()
    assert both.attribute("smile")[5] == 1
    assert both.attribute_names == ["expression/jawOpen", "smile"]
    assert both.attribute("expression/jawOpen")[5] == 0.5
    with pytest.raises(InputError, match="mesh478"):
        both.labels("wflw98")


def flat_and_deep(index):
    """An `ibug68-3d` face; every other one is labelled in x and y alone."""
    points = points_of("ibug68-3d", POSES[index % 5])
    return sample(index, labels=(Labels(points[:, : 2 + index % 2], "ibug68-3d"),))


def test_a_depth_that_some_faces_have_is_kept(tmp_path):
    """In one shard, in shards of one pack, and in several packs; x and y never suffer by it."""
    made = [flat_and_deep(i) for i in range(6)]
    pack(made, tmp_path / "one", "one", PackSettings(side=192, shard=9))
    pack(made, tmp_path / "shards", "one", PackSettings(side=192, shard=1))
    for part in (0, 1):
        pack(made[part::2], tmp_path / "two" / str(part), "one", PackSettings(side=192))
    for folder in ("one", "shards", "two"):
        found = read_pack(tmp_path / folder)
        assert found.schemes == {"ibug68-3d": (68, 3)}
        column = found.labels("ibug68-3d")
        assert (column.weight == 1).all()
        for row, name in enumerate(found.name):
            index = int(name.split(".")[0])
            want = affine.apply(found.transform[row], made[index].points)
            got = column.points[row]
            assert np.abs(got[:, : want.shape[1]] - want).max() <= 0.5 / 32 + 1e-4
            assert np.isfinite(got[:, 2]).all() == bool(index % 2)
            assert np.isnan(got[:, 2]).all() != bool(index % 2)


def test_a_folder_of_packs_is_all_of_them(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "all" / "a")
    pack([sample(9)], tmp_path / "all" / "b", "other", SMALL_SHARDS)
    assert len(read_pack(tmp_path / "all")) == 6


def test_a_photograph_without_a_face_is_kept_whole(tmp_path):
    photo = Sample("p.png", lambda: dotted([(40, 50)]), ())
    pack([photo, sample(0)], tmp_path, "made", PackSettings(side=64))
    found = read_pack(tmp_path)
    assert found.face.tolist() == [False, True]
    assert found.image(0).shape == (128, round(320 * 128 / 240), 3)
    assert np.isnan(found.frame[0]).all()


def test_official_subsets_decide_when_asked(tmp_path):
    parts = ["train"] * 30 + ["common"] * 5
    made = [sample(i, POSES[i % 5], subset=part) for i, part in enumerate(parts)]
    pack(made, tmp_path, "made", PackSettings(side=48))
    found = read_pack(tmp_path)
    assert found.rows("test", official=True).tolist() == list(range(30, 35))
    train, val = found.rows("train", official=True), found.rows("val", official=True)
    assert sorted([*train, *val]) == list(range(30))
    assert [split_of(f"person {i}") for i in val] == ["val"] * len(val)
    own = [found.rows(split) for split in ("train", "val", "test")]
    assert sorted(np.concatenate(own)) == list(range(35))


@pytest.mark.parametrize(
    ("name", "parts", "train"),
    [
        ("300w-lp", ["AFW", "HELEN_Flip"], [0, 1]),
        ("aflw2000-3d", ["test"], []),
        ("wflw", ["test"], []),
        ("300w", ["train", "common"], [0]),
        ("made", ["train2", "", "AFW"], [0, 1]),
    ],
)
def test_official_is_what_the_set_s_protocol_trains_on(tmp_path, name, parts, train):
    """300W-LP names no subset so, and trains all the same; a test subset alone never does."""
    made = [sample(i, POSES[i], subset=part, person="p") for i, part in enumerate(parts)]
    pack(made, tmp_path, name, PackSettings(side=48))
    found = read_pack(tmp_path)
    learned = [*found.rows("train", official=True), *found.rows("val", official=True)]
    assert learned == train
    rest = sorted(set(range(len(parts))) - set(train))
    assert found.rows("test", official=True).tolist() == rest


def test_unwanted_schemes_are_left_out(tmp_path):
    labels = (Labels(points_of("ibug68"), "ibug68"), Labels(points_of("mesh478"), "mesh478"))
    settings = PackSettings(side=48, schemes=("mesh478",))
    pack([sample(0, labels=labels)], tmp_path, "made", settings)
    assert list(read_pack(tmp_path).schemes) == ["mesh478"]
    with pytest.raises(InputError, match="ibug86"):
        PackSettings(schemes=("ibug86",))


def test_fixed_point_is_exact_to_half_a_unit_and_keeps_what_is_unknown():
    points = np.stack([points_of("ibug68-3d", pose) for pose in POSES])
    points[1, 5] = np.nan
    points[2] = np.nan
    got = unpack_points(**pack_points(points, 16), unit=16)
    assert np.isnan(got[1, 5]).all()
    assert np.isnan(got[2]).all()
    known = np.isfinite(points)
    assert (np.isfinite(got) == known).all()
    assert np.abs(got - points)[known].max() <= 0.5 / 16 + 1e-4


def test_faces_without_a_depth_are_fixed_as_closely():
    points = np.stack([points_of("ibug68-3d", pose) for pose in POSES])
    points[3:, :, 2] = np.nan
    packed = pack_points(points, 16)
    got = unpack_points(**packed, unit=16)
    known = np.isfinite(points)
    assert (np.isfinite(got) == known).all()
    assert np.abs(got - points)[known].max() <= 0.5 / 16 + 1e-4
    # the mean face is laid on their x and y, too: little rests to be stored
    rest = packed["rest"][:, :2]
    assert np.abs(rest[..., 3:]).max() < 4 * np.abs(rest[..., :3]).max()


def test_an_absurd_point_becomes_unknown_not_another_point():
    points = np.stack([points_of("ibug68", pose)[:, :2] for pose in POSES])
    points[0, 3] = 1e6
    got = unpack_points(**pack_points(points, 32), unit=32)
    assert np.isnan(got[0, 3]).all()
    assert np.abs(got[1:] - points[1:]).max() < 0.02
