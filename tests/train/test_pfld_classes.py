"""PFLD's kinds of faces beyond those of the pose: from attributes of a pack to the loss."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.data.packing import PackSettings, pack
from bauta.train.config import read_recipe
from bauta.train.objective import LossSettings, Objective
from bauta.train.tasks import make_task
from made_faces import sample

OWN = Path(__file__).resolve().parents[2] / "recipes" / "own.toml"


def loss_of(settings: LossSettings, **attributes) -> float:
    """Four frontal faces, of which the last is off by one pixel in x; every angle is off by 60
    degrees: a weight of 3 (1 - cos 60) = 1.5."""
    said = torch.zeros(4, 68, 2)
    said[3, :, 0] = 1.0
    batch = Batch(
        np.zeros((4, 8, 8, 3), np.uint8),
        {"ibug68": np.zeros((4, 68, 2), np.float32)},
        {"ibug68": np.ones((4, 68), np.float32)},
        pose=np.zeros((4, 3), np.float32),
        attributes={name: np.array(row, np.float32) for name, row in attributes.items()},
    )
    out = {"ibug68": said, "pose": torch.full((4, 3), 60.0)}
    return Objective(settings, ("ibug68",), 64)(out, batch)["ibug68"].item()


def test_a_rare_expression_and_an_occluded_face_weigh_more():
    """All are frontal: weight 1. One of four has the expression: 4 more; two hide: 2 more."""
    plain = loss_of(LossSettings(points="pfld"))
    assert plain == pytest.approx(68 * 1.5 / 4)
    both = LossSettings(points="pfld", classes=("expression", "occlusion"))
    weighed = loss_of(both, expression=[0, 0, 0, 1], occlusion=[1, 0, 0, 1])
    assert weighed == pytest.approx((1 + 4 + 2) * plain)
    unknown = loss_of(both, expression=[np.nan] * 4, occlusion=[np.nan] * 4)
    assert unknown == pytest.approx(plain)


def test_kinds_of_faces_that_nobody_says_or_no_loss_takes_are_refused():
    with pytest.raises(InputError, match="no pack says the attribute 'expression'"):
        loss_of(LossSettings(points="pfld", classes=("expression",)))
    with pytest.raises(InputError, match='points = "pfld"'):
        LossSettings(points="wing", classes=("expression",))


def test_a_recipe_s_kinds_come_from_the_pack(tmp_path):
    faces = (
        sample(i, attributes={"expression": i % 5 == 0, "occlusion": False}) for i in range(20)
    )
    pack(faces, tmp_path / "faces", "wflw", PackSettings(side=64, shard=64))
    changes = ("loss.points='pfld'", "loss.settings={}", "network.heads.pose={}", "network.size=32")
    changes += ("loss.classes=['expression', 'occlusion']", "data.absent=0.0", "loss.presence=0.0")
    changes += ("network.trunk.widths=[8, 16]", "network.trunk.depths=[1, 1]", "train.threads=1")
    task, _ = make_task(read_recipe(OWN, changes), (tmp_path / "faces",))
    batch = next(iter(task.batches(0, range(1), 16)))
    assert set(batch.attributes["expression"]) == {0.0, 1.0}
    assert torch.isfinite(sum(task.losses(task.network, batch).values()))
