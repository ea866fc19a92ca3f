"""Models on packed faces: the numbers of answers that are known, and the packs themselves."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.data.cutting import PackSettings
from bauta.data.packing import pack
from bauta.data.packs import MADE, read_pack
from bauta.data.sample import Labels
from bauta.eval import packed
from bauta.eval.eyes import Matches
from bauta.eval.looked import Looked, blinks, brows, compared, lids, summary, tone_ratio
from bauta.eval.packed import faces_of
from bauta.schemes import LEFT_EYE478, RIGHT_EYE478
from made_faces import points_of, sample

LIDS = [
    (int(eye[a]), int(eye[b])) for eye in (RIGHT_EYE478, LEFT_EYE478) for a, b in ((1, 5), (2, 4))
]
BROWS = slice(17, 27)


def looked(yaws, said=lambda points: points, melanin=None):
    """Faces turned to `yaws`: every fourth mesh with shut eyes, brows that rise with the number."""
    mesh = np.array([points_of("mesh478", (yaw, 0, 0)) for yaw in yaws])
    bone = np.array([points_of("ibug68-3d", (yaw, 0, 0)) for yaw in yaws])
    for upper, lower in LIDS:
        mesh[::4, lower] = mesh[::4, upper]
    bone[:, BROWS, 1] -= np.arange(len(yaws))[:, None] * 0.2
    people = np.array([f"person {k // 2}" for k in range(len(yaws))])
    truth = {"mesh478": mesh, "ibug68-3d": bone}
    pose = np.array([(yaw, 0, 0) for yaw in yaws], np.float32)
    names = np.array([str(k) for k in range(len(yaws))])
    tones = np.full(len(yaws), np.nan) if melanin is None else np.asarray(melanin, float)
    clip = np.zeros(len(yaws))
    return Looked(people, names, pose, truth, {k: said(v) for k, v in truth.items()}, tones, clip)


def test_errors_are_in_percent_of_the_box_and_sorted_by_yaw():
    faces = looked([0, 50, -50, 80], lambda points: points + np.array([3, 4, 0], np.float32))
    found = summary(faces)
    size = np.ptp(faces.truth["mesh478"][1, :, :2], axis=0)
    assert found["error"]["mesh478"]["45-60"] == pytest.approx(500 / np.sqrt(size.prod()), rel=2e-3)
    assert found["faces"] == {"0-15": 1, "45-60": 2, "75-90": 1, ">45": 3, "all": 4}
    assert found["yaw"]["all"] < 1e-2  # a shift turns nothing


def test_points_without_truth_do_not_count():
    faces = looked([0, 0])
    faces.truth["ibug68-3d"][0, :40] = np.nan
    faces.said["ibug68-3d"][0, :40] += 1000
    assert faces.errors("ibug68-3d")[0] == pytest.approx(0, abs=1e-4)


def test_lids_and_brows_that_half_follow_are_found_out():
    def half(points):
        return 0.5 * points + 0.5 * points.mean(0)

    faces = looked([0] * 12, half)
    found = lids(faces)
    assert found is not None
    assert found.moved.correlation == pytest.approx(1, abs=0.01)
    assert found.moved.kept == pytest.approx(0.5, abs=0.03)
    # shut eyes keep half of the mean gap, three quarters of the open one
    assert found.left == pytest.approx(100 * 0.375 / 0.875, abs=2)
    moved = brows(faces)
    assert moved is not None
    assert moved.kept == pytest.approx(0.5, abs=0.02)
    assert brows(looked([60] * 4)) is None
    assert lids(looked([60] * 4)) is None


def test_blinks_are_matched_clip_by_clip():
    faces = looked([0] * 80, np.copy)  # every fourth frame shut, each clip begins so
    both = replace(faces, clip=np.repeat([3.0, 7.0], 40))
    found = blinks(both)
    assert found is not None
    assert (found.hits, found.found, found.marked) == (18, 18, 18)
    both.said["mesh478"][40:] = both.truth["mesh478"][1]  # the second clip's are never seen
    found = blinks(both)
    assert found is not None
    assert (found.hits, found.found, found.marked) == (9, 9, 18)
    assert blinks(replace(faces, clip=np.full(80, np.nan))) is None
    aside = replace(both, pose=np.full((80, 3), (60, 0, 0), np.float32))
    assert blinks(aside) == Matches(0, 0, 0)  # only faces that look ahead count


def test_dark_skins_with_twice_the_error():
    tones = np.linspace(0, 1, 9)

    def worse(points):
        return points + (2 + 2 * (tones >= 2 / 3))[:, None, None].astype(np.float32)

    assert tone_ratio(looked([0] * 9, worse, tones), "mesh478") == pytest.approx(2, rel=1e-3)
    assert "darkest over lightest" not in summary(looked([0] * 4))


def test_a_better_model_is_better_beyond_its_interval():
    first = looked([0, 10, 50, -60] * 4, lambda points: points + 6)
    other = looked([0, 10, 50, -60] * 4, lambda points: points + 3)
    found = compared(first, other, "mesh478")
    assert np.array(found[">45"], float)[2] < 0
    assert found["<45"][0] == pytest.approx(-first.errors("mesh478")[:2].mean() / 2, rel=1e-3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    def of(name, lie):
        def face(index):
            """`lie` degrees are what the set says of a face that looks 40 degrees aside."""
            labels = [Labels(points_of(s, (40, 0, 0)), s) for s in ("mesh478", "ibug68-3d")]
            return replace(sample(index, labels=tuple(labels)), pose=(lie, 0.0, 0.0))

        pack(map(face, range(40)), root / name, name, PackSettings(side=64))

    root = tmp_path_factory.mktemp("packs")
    of("photographs", 10)
    of(MADE + "profile", 70)
    return root


def test_made_pictures_know_their_pose_and_photographs_are_measured(folder):
    _, pose = faces_of(read_pack(folder / "photographs"), ["train"])
    assert np.abs(pose[:, 0] - 40).max() < 1
    _, pose = faces_of(read_pack(folder / (MADE + "profile")), ["train"])
    assert (pose[:, 0] == 70).all()
    with pytest.raises(InputError, match="no labelled face"):
        faces_of(read_pack(folder / "photographs"), ["train"], least_yaw=60)


def test_a_shipped_model_looks_and_a_line_of_json_comes_out(folder, capsys):
    packed.main([str(folder), "--model", "nano", "--split", "train,val,test", "--most", "6"])
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "nano"
    assert found["faces"]["all"] == 6
    assert np.isfinite(found["error"]["mesh478"]["all"])
