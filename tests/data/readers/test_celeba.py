"""CelebA: its lists of points, boxes, attributes, people and parts; first lines as handed out."""

import pytest

import tiny_pictures
from bauta import schemes
from bauta.checks import SourceError
from bauta.data.readers import celeba

ATTRIBUTES = (
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose "
    "Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee "
    "Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard "
    "Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair "
    "Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie "
    "Young "
)
FIRST = (
    "000001.jpg -1  1  1 -1 -1 -1 -1 -1 -1 -1 -1  1 -1 -1 -1 -1 -1 -1  1  1 -1  1 -1 -1  1 -1 -1 "
    " 1 -1 -1 -1  1  1 -1  1 -1  1 -1 -1  1"
)
ON = (
    "Arched_Eyebrows Attractive Brown_Hair Heavy_Makeup High_Cheekbones Mouth_Slightly_Open "
    "No_Beard Pointy_Nose Smiling Straight_Hair Wearing_Earrings Wearing_Lipstick Young"
)
HEADER = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
    "leftmouth_x leftmouth_y rightmouth_x rightmouth_y "
)


@pytest.fixture
def root(tmp_path):
    names = ("000001.jpg", "000002.jpg", "000003.jpg")
    for name in names:
        tiny_pictures.write(tmp_path / "Img/img_celeba" / name)
        tiny_pictures.write(tmp_path / "Img/img_align_celeba" / name, 178, 218)
    anno = tmp_path / "Anno"
    tiny_pictures.text(
        anno / "list_landmarks_celeba.txt",
        "3",
        HEADER,
        "000001.jpg 165  184  244  176  196  249  194  271  266  260 ",
        "000002.jpg 140  204  220  204  168  254  146  289  226  289 ",
        "000003.jpg 244  104  264  105  263  121  235  134  251  140 ",
    )
    tiny_pictures.text(
        anno / "list_landmarks_align_celeba.txt",
        "3",
        HEADER,
        "000001.jpg 69  109  106  113   77  142   73  152  108  154",
        "000002.jpg 69  110  107  112   81  135   70  151  108  153",
        "000003.jpg 76  112  104  106  108  128   74  156   98  158",
    )
    tiny_pictures.text(
        anno / "list_bbox_celeba.txt",
        "3",
        "image_id x_1 y_1 width height",
        "000001.jpg    95  71 226 313",
        "000002.jpg    72  94 221 306",
        "000003.jpg   216  59  91 126",
    )
    signs = " ".join(["-1"] * 40)
    tiny_pictures.text(
        anno / "list_attr_celeba.txt",
        "3", ATTRIBUTES, FIRST, f"000002.jpg {signs}", f"000003.jpg {signs}",
    )  # fmt: skip
    tiny_pictures.text(
        anno / "identity_CelebA.txt", "000001.jpg 2880", "000002.jpg 2937", "000003.jpg 2880"
    )
    tiny_pictures.text(
        tmp_path / "Eval/list_eval_partition.txt", "000001.jpg 0", "000002.jpg 1", "000003.jpg 2"
    )
    return tmp_path


def test_left_is_left_in_the_picture(root):
    sample = next(celeba.read(root))
    assert sample.scheme == "celeba5"
    assert sample.points.tolist() == [
        [165.5, 184.5], [244.5, 176.5], [196.5, 249.5], [194.5, 271.5], [266.5, 260.5]
    ]  # fmt: skip
    names = schemes.get("celeba5").names
    assert sample.points[names.index("right_eye"), 0] == 165.5  # the subject's right eye
    assert sample.points[names.index("mouth_left_corner"), 0] == 266.5


def test_boxes_are_corner_width_and_height(root):
    sample = next(celeba.read(root))
    assert sample.box is not None
    assert sample.box.tolist() == [95, 71, 321, 384]


def test_attributes_are_true_where_the_list_says_1(root):
    first, second, _ = celeba.read(root)
    assert len(first.attributes) == 40
    on = [name for name, value in first.attributes.items() if value]
    assert " ".join(on) == ON
    assert not any(second.attributes.values())


def test_people_and_parts(root):
    found = [(s.name, s.person, s.subset) for s in celeba.read(root)]
    assert found == [
        ("000001.jpg", "2880", "train"),
        ("000002.jpg", "2937", "val"),
        ("000003.jpg", "2880", "test"),
    ]
    assert [s.name for s in celeba.read(root, "val")] == ["000002.jpg"]


def test_aligned_pictures_have_points_of_their_own_and_no_box(root):
    sample = next(celeba.read_aligned(root))
    assert sample.points[0].tolist() == [69.5, 109.5]
    assert sample.box is None
    assert sample.picture().shape == (218, 178, 3)


def test_all_in_one_folder_is_read_too(root):
    flat = root / "flat"
    flat.mkdir()
    for path in [*(root / "Anno").iterdir(), *(root / "Eval").iterdir(), *(root / "Img").iterdir()]:
        path.rename(flat / path.name)
    assert len(list(celeba.read(flat))) == 3


def test_what_is_wrong_is_named(root):
    path = root / "Anno/list_attr_celeba.txt"
    path.write_text(path.read_text().replace("000003.jpg -1", "000003.jpg 0"))
    with pytest.raises(SourceError, match=r"list_attr_celeba\.txt:5: expected attributes that are"):
        list(celeba.read(root))
    tiny_pictures.text(root / "Eval/list_eval_partition.txt", "000001.jpg 0")
    path.write_text(path.read_text().replace("000003.jpg 0", "000003.jpg -1"))
    with pytest.raises(SourceError, match=r"celeba\.txt:4: expected a picture that list_eval"):
        list(celeba.read(root))
