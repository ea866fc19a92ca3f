"""The detector: decoding and suppression by hand-made maps, any picture size, the shipped file."""

import numpy as np
import pytest

from bauta.assets.store import load_card, read_model
from bauta.checks import InputError, ModelError
from bauta.detect import Detector
from bauta.detect.decode import STRIDES, decode, suppress
from bauta.detect.detector import padded
from bauta.engine.session import Session


def maps(height: int, width: int) -> dict[str, np.ndarray]:
    found = {}
    for stride in STRIDES:
        shape = (height // stride, width // stride)
        found[f"score{stride}"] = np.zeros((1, 1, *shape), np.float32)
        found[f"edges{stride}"] = np.ones((1, 4, *shape), np.float32)
    return found


class Fake(Session):
    """A session that answers with one face, wherever it is asked to look."""

    def __init__(self):
        self.name = "fake"
        self.inputs = ["image"]
        self.outputs = [f"{kind}{stride}" for kind in ("score", "edges") for stride in STRIDES]
        self.shape = ()

    def run(self, feeds):
        self.shape = feeds["image"].shape
        found = maps(*self.shape[1:3])
        found["score8"][0, 0, 1, 2] = 0.9
        found["edges8"][0, :, 1, 2] = (6, 7, 8, 9)
        return found


def test_decode_places_the_box_around_the_centre_of_its_cell():
    outputs = maps(64, 96)
    outputs["score16"][0, 0, 2, 4] = 0.75
    outputs["edges16"][0, :, 2, 4] = (10, 20, 30, 5)
    boxes, scores = decode(outputs, 0.5)
    assert boxes.tolist() == [[62, 20, 102, 45]]  # the centre is (72, 40)
    assert scores.tolist() == [0.75]


def test_decode_sorts_across_levels_and_drops_what_is_below_the_threshold():
    outputs = maps(64, 64)
    outputs["score8"][0, 0, 0, 0] = 0.6
    outputs["score32"][0, 0, 1, 1] = 0.8
    outputs["score16"][0, 0, 1, 1] = 0.4
    boxes, scores = decode(outputs, 0.5)
    assert scores.tolist() == pytest.approx([0.8, 0.6])
    assert boxes[0].tolist() == [47, 47, 49, 49]


def test_decode_of_nothing_has_the_shape_of_boxes():
    boxes, scores = decode(maps(32, 32), 0.5)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)
    assert suppress(boxes, 0.4).shape == (0,)


def test_suppress_keeps_the_best_of_each_heap():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [5, 0, 15, 10]], np.float32)
    # IoU of the first with the second 9/11, with the last 1/3
    assert suppress(boxes, 0.4).tolist() == [0, 2, 3]
    assert suppress(boxes, 0.3).tolist() == [0, 2]


def test_boxes_come_back_in_pixels_of_the_picture():
    session = Fake()
    boxes, scores = Detector(session, max_side=320)(np.zeros((480, 640, 3), np.uint8))
    assert session.shape == (1, 256, 320, 3)
    assert boxes.tolist() == [[28, 10, 56, 42]]  # twice (20 - 6, 12 - 7, 20 + 8, 12 + 9)
    assert scores.dtype == boxes.dtype == np.float32


class FakeFar(Fake):
    """Says a face of 24 pixels in the first look; in the second the same, one nobody saw, one that
    the first look sees better."""

    def run(self, feeds):
        self.shape = feeds["image"].shape
        found = maps(*self.shape[1:3])
        if self.shape[1:3] == (96, 96):
            faces = {"8": [(0.5, 5, 5, 12)]}
        else:
            faces = {"8": [(0.6, 10, 10, 24), (0.9, 20, 3, 20), (0.95, 11, 12, 49)]}
        for stride, of_stride in faces.items():
            for score, row, column, half in of_stride:
                found[f"score{stride}"][0, 0, row, column] = score
                found[f"edges{stride}"][0, :, row, column] = half
        return found


def test_far_adds_what_is_small_in_the_second_look_once_and_the_best_first():
    picture = np.zeros((96, 96, 3), np.uint8)
    boxes, scores = Detector(FakeFar())(picture)
    assert scores.tolist() == [0.5]
    boxes, scores = Detector(FakeFar(), far=True)(picture)
    assert scores.tolist() == pytest.approx([0.9, 0.6])  # 98 pixels in the second look: left out
    assert boxes[0].tolist() == [4, 72, 24, 92]  # half of 28 - 20, 164 - 20, 28 + 20, 164 + 20
    assert boxes[1].tolist() == [30, 30, 54, 54]  # seen by both: the surer look has it


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (7, 7), (8, 8), (31, 33), (6000, 8000)])
def test_any_size_is_accepted_and_no_box_leaves_the_picture(shape):
    boxes, scores = Detector(Fake())(np.zeros((*shape, 3), np.uint8))
    assert len(boxes) == len(scores)
    assert (boxes >= 0).all()
    assert (boxes <= (shape[1], shape[0], shape[1], shape[0])).all()


def test_padding_adds_black_to_the_right_and_below_only():
    image = np.full((33, 64, 3), 7, np.uint8)
    batch = padded(image)
    assert batch.shape == (1, 64, 64, 3)
    assert (batch[0, :33] == 7).all()
    assert not batch[0, 33:].any()


@pytest.mark.parametrize(
    "options", [{"threshold": 0}, {"threshold": 1}, {"max_side": 31}, {"overlap": 1.5}]
)
def test_senseless_options_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        Detector(Fake(), **options)


def test_another_network_is_refused():
    session = Fake()
    session.outputs = ["mesh"]
    with pytest.raises(ModelError, match="not a bauta face detector"):
        Detector(session)


@pytest.fixture(scope="module")
def shipped() -> Detector:
    return Detector(Session(read_model("detector")))


def test_the_shipped_file_is_small_and_says_what_it_is(shipped):
    card = load_card("detector")
    assert card.bytes == len(read_model("detector")) <= 400_000
    assert shipped.session.metadata["bauta_model"] == "detector"
    assert shipped.session.metadata["version"] == card.version


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_plain_picture_shows_no_face(shipped, colour):
    assert len(shipped(np.full((240, 320, 3), colour, np.uint8))[0]) == 0
