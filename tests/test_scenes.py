"""Composed scenes: outlines by hand; with the data folder, whole scenes and their books."""

import numpy as np
import pytest

from bauta.checks import InputError, SourceError
from bauta.data.canvas import Canvas, move, similarity, soft_mask
from bauta.data.cutouts import box_of, ellipse_in, iou
from bauta.data.cutting import PackSettings
from bauta.data.degrade import degrade
from bauta.data.packing import pack
from bauta.data.packs import MADE
from bauta.data.sample import Labels
from bauta.data.teachers import data_root
from made_faces import points_of, sample


def have_data() -> bool:
    try:
        return data_root().is_dir()
    except SourceError:
        return False


needs_data = pytest.mark.skipif(not have_data(), reason="no training data; set BAUTA_DATA")
SQUARE = np.array([[10, 10], [20, 10], [20, 20], [10, 20]], np.float32)


def solid(value: int, side: int = 30) -> np.ndarray:
    return np.full((side, side, 3), value, np.uint8)


def test_an_ellipse_fills_its_box():
    box = np.array([10, 20, 50, 100], np.float32)
    assert box_of(ellipse_in(box)) == pytest.approx(box)


def test_a_turned_ellipse_has_the_box_of_a_turned_head():
    points = ellipse_in(np.array([-3, -4, 3, 4], np.float32), 720)
    quarter = similarity(1.0, 90.0, False, np.zeros(2), np.zeros(2))
    assert box_of(move(points, quarter)) == pytest.approx([-4, -3, 4, 3], abs=1e-3)
    half = similarity(1.0, 45.0, False, np.zeros(2), np.zeros(2))
    assert box_of(move(points, half))[2] == pytest.approx((12.5) ** 0.5, abs=1e-3)


def test_similarity_turns_clockwise_on_screen_and_mirrors_before():
    right = np.array([[1.0, 0.0]])
    turned = similarity(2.0, 90.0, False, np.zeros(2), np.array([5.0, 5.0]))
    assert move(right, turned) == pytest.approx(np.array([[5, 7]]))
    mirrored = similarity(2.0, 0.0, True, np.zeros(2), np.zeros(2))
    assert move(right, mirrored) == pytest.approx(np.array([[-2, 0]]))


def test_iou_of_known_boxes():
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert iou(a, b)[0].tolist() == pytest.approx([1 / 3, 0])


def paste(canvas: Canvas, target: tuple[float, float], **options) -> bool:
    matrix = similarity(1.0, 0.0, False, np.array([15.0, 15.0]), np.array(target))
    mask = np.full((30, 30), 255, np.uint8)
    return canvas.paste(solid(200), [(SQUARE, options.get("sure", True))], matrix, mask)


def test_a_pasted_face_lies_where_its_box_says():
    canvas = Canvas(solid(0, 100))
    assert paste(canvas, (50, 40))
    assert canvas.boxes[0].tolist() == [45, 35, 55, 45]
    assert (canvas.image[25:55, 35:65] == 200).all()
    assert not canvas.image[:25].any()


def test_a_doubtful_or_half_hidden_face_is_to_be_ignored():
    canvas = Canvas(solid(0, 100))
    paste(canvas, (50, 40), sure=False)
    paste(canvas, (99, 90))
    assert canvas.boxes == []
    assert [box.tolist() for box in canvas.ignore] == [[45, 35, 55, 45], [94, 85, 100, 95]]


def test_a_face_is_never_covered_by_the_next_patch():
    canvas = Canvas(solid(0, 100))
    assert paste(canvas, (50, 40))
    assert not paste(canvas, (55, 45))
    assert len(canvas.boxes) == 1


def test_a_soft_mask_is_full_inside_and_empty_outside():
    mask = soft_mask((40, 40), np.array([10, 10, 30, 30]), False, 3)
    assert mask[20, 20] == 255
    assert mask[9, 20] == 0
    assert 0 < mask[12, 20] < 255


def test_degrading_keeps_shape_and_repeats_with_its_seed():
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for seed in range(20):
        first, second = (degrade(image, np.random.default_rng(seed)) for _ in range(2))
        assert first.shape == image.shape
        assert first.dtype == np.uint8
        assert (first == second).all()


@needs_data
def test_scenes_are_reproducible_and_their_boxes_lie_inside():
    from bauta.data.scenes import FRAMES, SceneMaker

    maker = SceneMaker("val")
    for kind in FRAMES:
        first, second = maker.frame(3, kind), maker.frame(3, kind)
        assert (first.image == second.image).all()
        assert first.image.shape == (480, 640, 3)
        for boxes in (first.boxes, first.ignore):
            assert (boxes[:, 2:] > boxes[:, :2]).all()
            assert (boxes >= 0).all()
            assert (boxes <= (640, 480, 640, 480)).all()


@needs_data
def test_turned_faces_are_pasted_alone_or_among_the_others(turned_pack):
    from bauta.data.scenes import SOURCES, TURNED, SceneMaker

    maker = SceneMaker("val", turned=turned_pack)
    assert sum(maker.shares.values()) == pytest.approx(1)
    assert maker.shares["turned"] == TURNED
    assert maker.shares["ytf"] == pytest.approx(SOURCES["ytf"] * (1 - TURNED))
    assert (maker.frame(1, "turned").image == maker.frame(1, "turned").image).all()
    with pytest.raises(InputError, match="turned"):
        SceneMaker("val").frame(1, "turned")


def test_faces_of_a_pack_become_cutouts_when_their_crop_is_whole(turned_pack):
    from bauta.data.cutouts import packed_cutouts

    found = packed_cutouts(turned_pack, "val")
    assert found
    assert {picture.source for picture in found} == {MADE + "profile"}
    assert all(int(picture.file.split(".")[0]) % 2 == 0 for picture in found)
    for picture in found:
        (face,) = picture.faces
        box = box_of(face.outline)
        assert (box[:2] > 0).all()
        assert (box[2:] < 96).all()
        assert picture.image().shape == (96, 96, 3)
    with pytest.raises(InputError, match="no whole face"):
        packed_cutouts(turned_pack.parent / "border", "val")


@pytest.fixture(scope="module")
def turned_pack(tmp_path_factory):
    """Every other face lies at the border of its picture; in the pack beside it all do."""

    def face(index, near):
        center = (160.0, 120.0) if near else (20.0, 20.0)
        mesh = points_of("mesh478", (50, 0, 0), scale=4.0, center=center)
        return sample(index, labels=(Labels(mesh, "mesh478"),))

    root = tmp_path_factory.mktemp("packs")
    settings = PackSettings(side=96)
    name = MADE + "profile"
    pack((face(k, k % 2 == 0) for k in range(60)), root / "turned", name, settings)
    pack((face(k, False) for k in range(60)), root / "border", name, settings)
    return root / "turned"


@needs_data
def test_no_person_and_no_background_is_in_two_splits():
    from bauta.data.cutouts import read_backgrounds, read_cutouts
    from bauta.data.splits import person_of

    for name in ("ytf", "lfw"):
        people = [{person_of(item.file) for item in read_cutouts(name, s)} for s in ("val", "test")]
        assert not people[0] & people[1]
    clean = [{item.file for item in read_backgrounds(s)[0]} for s in ("train", "val", "test")]
    assert sum(map(len, clean)) == len(set().union(*clean)) > 300


@needs_data
def test_the_outline_of_a_mesh_agrees_with_the_teacher_box():
    from bauta.data.cutouts import MAX_ASYMMETRY, outline_of_mesh
    from bauta.data.teachers import read_boxes, read_pictures, read_teacher_set

    labels, boxes = read_teacher_set("ytf", read_pictures("ytf")), read_boxes("ytf")
    overlaps = [
        iou(box_of(outline_of_mesh(mesh))[None], boxes[file][0].astype(np.float32)).max()
        for mesh, asym, file in zip(labels.mesh, labels.asym, labels.files, strict=True)
        if asym < MAX_ASYMMETRY and file in boxes
    ]
    assert np.median(overlaps) > 0.9
    assert np.percentile(overlaps, 5) > 0.8
