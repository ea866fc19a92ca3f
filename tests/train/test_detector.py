"""Targets and losses of the detector, by hand; the file says what the network says."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from bauta.detect import Detector
from bauta.engine.session import Session
from bauta.train.detector_loss import assign, cells, detector_loss, giou
from bauta.train.export.detector import compare, export_detector
from bauta.train.networks.detector import DetectorNetwork


def assigned(box, kind=1.0):
    centres, levels = cells(128, 128)
    boxes = torch.tensor([[box]], dtype=torch.float32)
    index, weight = assign(boxes, torch.tensor([[kind]]), centres, levels)
    return centres, levels, index[0], weight[0]


def test_cells_lie_in_the_middle_of_their_squares():
    centres, levels = cells(32, 64)
    assert centres[0].tolist() == [4, 4]
    assert centres[-1].tolist() == [48, 16]
    assert torch.bincount(levels).tolist() == [32, 8, 2]


def test_a_small_face_belongs_to_the_finest_level_near_its_centre():
    centres, levels, index, _ = assigned((50, 50, 74, 74))
    mine = index >= 0
    assert set(levels[mine].tolist()) == {0}
    assert ((centres[mine] - 62).abs() < 12).all()


def test_the_tiniest_face_has_a_cell():
    assert (assigned((57, 57, 63, 63))[2] >= 0).sum() >= 1


def test_the_smaller_of_two_faces_owns_a_shared_cell():
    centres, levels = cells(128, 128)
    boxes = torch.tensor([[[44.0, 44, 84, 84], [58, 58, 72, 72]]])
    index, _ = assign(boxes, torch.ones(1, 2), centres, levels)
    cell = ((centres - 60).abs().sum(1) + 1000 * levels).argmin()
    assert index[0, cell] == 1


def test_regions_to_ignore_have_no_weight_and_no_face():
    centres, _, index, weight = assigned((50, 50, 74, 74), kind=-1.0)
    inside = ((centres > 50) & (centres < 74)).all(1)
    assert (index == -1).all()
    assert (weight[inside] == 0).all()
    assert (weight[~inside] == 1).all()


def test_giou_of_known_boxes():
    a = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    generalised, overlap = giou(a, b)
    assert overlap.tolist() == [1, 0]
    assert generalised.tolist() == pytest.approx([1, -1 / 3])


def test_a_perfect_answer_costs_nothing():
    boxes, size = torch.tensor([[[40.0, 40, 72, 72]]]), (128, 128)
    centres, levels = cells(*size)
    index, _ = assign(boxes, torch.ones(1, 1), centres, levels)
    sides = torch.cat([centres - boxes[0, 0, :2], boxes[0, 0, 2:] - centres], 1)
    outputs = []
    for level, side in enumerate((16, 8, 4)):
        here = levels == level
        logits = torch.where(index[:, here] >= 0, 20.0, -20.0).reshape(1, 1, side, side)
        outputs.append((logits, sides[here].T.reshape(1, 4, side, side)))
    losses = detector_loss(outputs, boxes, torch.ones(1, 1), size)
    assert float(losses["score"]) == pytest.approx(0, abs=1e-6)
    assert float(losses["box"]) == pytest.approx(0, abs=1e-6)


def test_the_exported_file_agrees_with_the_network_at_any_size():
    torch.manual_seed(0)
    network = DetectorNetwork()
    data = export_detector(network, "0")
    assert len(data) <= 400_000
    assert compare(network, data) < 0.01
    boxes, _ = Detector(Session(data), threshold=0.5)(np.zeros((70, 200, 3), np.uint8))
    assert boxes.shape == (0, 4)
