"""`bauta data check` on little copies made by hand: whole ones, and each kind of broken one."""

import json
import sys

import cv2
import numpy as np
import pytest

import tiny_pictures
from bauta import cli
from bauta.checks import SourceError
from bauta.data import catalog
from bauta.data.check import check, facing
from bauta.data.contact import FACES, SIDE, ContactSheet
from bauta.data.packing import pack
from bauta.data.sample import Labels, Sample

FIVE = ((10, 10), (20, 10), (15, 15), (11, 20), (19, 20))
"""Right eye, left eye, nose, right and left corner of the mouth, of a face that looks at us."""


def pts(points=FIVE) -> str:
    lines = [f"{x + 0.5} {y + 0.5}" for x, y in points]
    return "\n".join(["version: 1", f"n_points: {len(points)}", "{", *lines, "}"])


@pytest.fixture
def root(tmp_path):
    for name in ("train/ann/1", "train/ann/2", "val/bob/1"):
        tiny_pictures.write(tmp_path / f"{name}.png")
        tiny_pictures.text(tmp_path / f"{name}.pts", pts())
    return tmp_path


def look(root, **options):
    return check(catalog.get("folder"), root, **options)


def test_a_whole_copy_is_counted(root):
    report = look(root)
    assert report.problems == ()
    assert report.counts == {"": (3, 0), "train": (2, 0), "val": (1, 0), "test": (0, 0)}
    assert (report.people, report.pictures, report.boxes) == (2, 3, 0)
    assert report.schemes == {"celeba5": 3}
    assert report.picture_sizes == ((40, 30), (40, 30))
    assert report.face_sizes == (10, 10, 10)
    assert (report.outside, report.unknown, report.coinciding) == (0, 0, 0)
    assert report.sheet is not None


def test_missing_pictures_are_counted_and_named(root, monkeypatch):
    bioid = root / "bioid"
    points = [*FIVE, *((12 + k, 12) for k in range(15))]
    tiny_pictures.write(bioid / "BioID_0000.pgm")
    for number in ("0000", "0001"):
        tiny_pictures.text(bioid / f"points_20/bioid_{number}.pts", pts(points))
    report = check(catalog.get("bioid"), bioid)
    missing = "the set: 2 faces of 1521; get the missing files, or go on with these"
    assert report.problems[0] == f"{missing}: `bauta data pack` takes them"
    assert report.problems[1].startswith("1 pictures that cannot be read: ")
    assert "BioID_0001.pgm" in report.problems[1]
    packed = pack(catalog.get("bioid").read(bioid, ""), root / "packed", "bioid")
    assert (packed.rows, list(packed.unreadable)) == (1, ["BioID_0001.pgm"])


def test_points_outside_are_told_and_labels_of_another_picture_are_wrong(root):
    shifted = [(x + 25, y) for x, y in FIVE]  # the left eye and corner reach over the edge at 40
    tiny_pictures.text(root / "val/bob/1.pts", pts(shifted))
    report = look(root)
    assert report.outside == 1
    assert report.farthest == (5.0, "val/bob/1.png")
    assert report.problems == ()
    tiny_pictures.text(root / "val/bob/1.pts", pts([(x + 100, y) for x, y in FIVE]))
    (problem,) = look(root).problems
    assert problem == "1 faces that lie mostly outside of their picture: val/bob/1.png"


def test_coinciding_points_are_counted(root):
    tiny_pictures.text(root / "val/bob/1.pts", pts((FIVE[0], FIVE[0], *FIVE[2:])))
    assert look(root).coinciding == 1


def test_swapped_sides_are_wrong(root):
    assert facing(Labels(np.array(FIVE, np.float32), "celeba5")) is True
    swapped = [FIVE[k] for k in (1, 0, 2, 4, 3)]
    assert facing(Labels(np.array(swapped, np.float32), "celeba5")) is False
    for path in root.rglob("*.pts"):
        tiny_pictures.text(path, pts(swapped))
    (problem,) = look(root).problems
    assert problem.startswith("3 faces whose right and left are swapped: train/ann/1.png")


@pytest.mark.parametrize("angle", [60, 170, -90])
def test_sides_are_told_whichever_way_the_head_is_rolled(angle):
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turned = np.array(FIVE, np.float32) @ np.array([[cos, sin], [-sin, cos]], np.float32)
    assert facing(Labels(turned, "celeba5")) is True
    assert facing(Labels(turned * (-1, 1), "celeba5")) is False


def made(**changes) -> catalog.Dataset:
    """A set of one face with such a box or pose."""
    points = Labels(np.array(FIVE, np.float32), "celeba5")
    image = np.zeros((30, 40, 3), np.uint8)
    fields = {"name": "a", "picture": lambda: image, "labels": (points,)} | changes
    terms = {"licence": "", "citation": "", "url": ""}
    return catalog.Dataset(
        "made", "", lambda root, subset: iter([Sample(**fields)]), ("celeba5",), {"": 1}, **terms
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"box": np.array([10, 10, 20, 20], np.float32)}, None),
        ({"box": np.array([10, 10, 5, 20], np.float32)}, "boxes that are not x1 < x2"),
        ({"box": np.array([25, 22, 39, 29], np.float32)}, "boxes that miss their points"),
        ({"pose": (0.0, 181.0, 0.0)}, "poses outside of -180..180"),
        ({"pose": (float("nan"), 0.0, 0.0)}, "poses outside of -180..180"),
        (
            {"labels": (Labels(np.full((5, 2), np.nan), "celeba5"),)},
            "faces without a single known point",
        ),
    ],
)
def test_boxes_poses_and_points_that_cannot_be_are_wrong(tmp_path, changes, problem):
    problems = check(made(**changes), tmp_path).problems
    assert (problem is None) == (problems == ())
    assert problem is None or problem in problems[0]


def test_what_cannot_be_read_names_the_first_wrong_file(root):
    tiny_pictures.text(root / "train/ann/2.pts", "version: 1", "n_points: 5", "{", "1 x", "}")
    with pytest.raises(SourceError, match=r"train/ann/2\.pts"):
        look(root)


def test_only_some_pictures_are_read_when_asked(tmp_path):
    images = []

    def picture():
        images.append(1)
        return np.zeros((30, 40, 3), np.uint8)

    points = Labels(np.array(FIVE, np.float32), "celeba5")
    samples = [Sample(str(k), picture, (points,)) for k in range(100)]
    dataset = catalog.Dataset(
        "made", "", lambda root, subset: iter(samples), ("celeba5",), {"": 100}, "", "", ""
    )
    assert check(dataset, tmp_path, most=10).pictures == 11  # every tenth and the first
    assert len(images) == 11


def test_the_sheet_spreads_over_the_set_and_draws_points_where_they_are():
    sheet = ContactSheet()
    image = np.zeros((30, 40, 3), np.uint8)
    points = Labels(np.array(FIVE, np.float32), "celeba5")
    for number in range(1000):
        sheet.offer(Sample(f"{number:03}", lambda: image, (points,)), image)
    kept = [int(caption) for caption, _ in sheet._kept]
    assert FACES <= len(kept) <= 2 * FACES
    assert np.diff(kept).std() == 0
    assert kept[-1] > 900
    tile = sheet._kept[0][1]
    # the face is 10 pixels wide and fills 1 / 1.5 of the tile: corners at 1 / 6 and 5 / 6
    for x, y in ((1 / 6, 1 / 6), (5 / 6, 1 / 6), (1 / 2, 1 / 2)):
        assert tile[int(y * SIDE), int(x * SIDE)].tolist() == [255, 196, 61]
    assert not tile[SIDE // 3, SIDE // 3].any()


@pytest.fixture
def run(monkeypatch, capsys, tmp_path_factory):
    """Run `bauta data check ARGS` in an empty folder; (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path_factory.mktemp("cwd"))

    def call(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bauta", "data", "check", *map(str, args)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return call


def test_the_command_prints_a_table_and_writes_the_sheet(run, root, tmp_path):
    code, out, err = run("folder", root, "-o", tmp_path / "sheets")
    assert code == 0, err
    table = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert table["train"] == "2"
    assert table["licence"] == "your own"
    sheet = cv2.imread(str(tmp_path / "sheets/folder_check.png"))
    assert sheet is not None
    assert sheet.shape[1] == 3 * (SIDE + 8) + 8


def test_json_goes_to_stdout_and_a_broken_copy_exits_with_1(run, root):
    (root / "train/ann/1.png").write_bytes(b"broken")
    code, out, err = run("folder", root, "--json")
    found = json.loads(out)
    assert code == 1
    assert found["whole"] is False
    assert found["counts"]["train"] == {"found": 2, "expected": None}
    assert "train/ann/1.png" in found["problems"][0]
    assert "wrong: 1 pictures that cannot be read" in err


def test_a_wrong_folder_is_one_line_and_exit_code_1(run, tmp_path):
    code, out, err = run("wflw", tmp_path)
    assert (code, out) == (1, "")
    (line,) = err.strip().splitlines()
    assert line.startswith(f"bauta: {tmp_path / 'WFLW_images'}: missing")


def test_without_a_name_the_catalogue_is_listed(run):
    code, out, _ = run()
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(catalog.CATALOG)
    code, out, _ = run("--json")
    cards = [json.loads(line) for line in out.splitlines()]
    assert all(card["licence"] and card["citation"] for card in cards)


def test_every_set_is_read_by_its_name_and_has_known_schemes():
    from bauta import schemes

    for name, dataset in catalog.CATALOG.items():
        assert dataset.name == name
        assert "" in dataset.counts
        assert all(scheme in schemes.names() for scheme in dataset.schemes)
