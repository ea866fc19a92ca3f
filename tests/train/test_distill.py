"""What a student is taught, by hand; and that a student comes closer to its teacher."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.train.checkpoints import load_weights
from bauta.train.distill import (
    DistilledStudent,
    feature_error,
    heat_error,
    imitation,
    pair_blocks,
)
from bauta.train.networks.network import LandmarkNetwork, NetworkConfig

SIZE = 32


def config(channels: int, stacks: int) -> NetworkConfig:
    trunk = {"name": "hourglass", "channels": channels, "stacks": stacks, "depth": 2}
    return NetworkConfig(size=SIZE, schemes=("celeba5",), trunk=trunk, heads={"heatmap": {}})


def hourglass(channels: int, stacks: int) -> LandmarkNetwork:
    return LandmarkNetwork(config(channels, stacks))


def pictures(count: int):
    """Smooth coloured blobs, the same every time."""
    generator = torch.Generator().manual_seed(7)
    small = torch.rand(count, 3, 4, 4, generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(small, SIZE, mode="bicubic").clamp(-1, 1)


def test_heat_error_by_hand():
    heat, target = torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    heat[0, 0, 0, 0], target[0, 1, 1, 1] = 2.0, 1.0
    assert heat_error(heat, target).item() == pytest.approx((4 / 4 + 1 / 4) / 2)
    only = torch.tensor([[1.0, 0.0]])
    assert heat_error(heat, target, only).item() == pytest.approx(1.0)
    assert heat_error(torch.ones(1, 1, 4, 4), torch.full((1, 1, 2, 2), 3.0)).item() == 4


def test_blocks_are_spread_evenly_and_last_meets_last():
    assert pair_blocks(2, 4) == [1, 3]
    assert pair_blocks(3, 3) == [0, 1, 2]
    assert pair_blocks(1, 4) == [3]


def test_feature_error_is_relative_to_the_teacher():
    taught = {
        "feature_0": torch.full((1, 2, 2, 2), 3.0),
        "feature_1": torch.full((1, 1, 2, 2), 2.0),
    }
    out = {"adapted_0": torch.full((1, 2, 4, 4), 3.0), "adapted_1": torch.zeros(1, 1, 2, 2)}
    assert feature_error(out, taught, [0, 1]).item() == pytest.approx(0.5)  # 0 and 4 / 4


def test_a_student_comes_closer_to_its_teacher():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    teacher = hourglass(24, 2).eval()
    network = DistilledStudent(config(8, 1), teacher)
    assert network.pairs == [1]
    x = pictures(8)
    with torch.no_grad():
        taught = teacher(x, True)
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)

    def gaps() -> list[float]:
        network.eval()
        with torch.no_grad():
            out = network(x)
        network.train()
        heat = heat_error(out["celeba5_heat"], taught["celeba5_heat"])
        return [heat.item(), feature_error(out, taught, network.pairs).item()]

    before = gaps()
    for _ in range(40):
        out = network(x)
        loss = heat_error(out["celeba5_heat"], taught["celeba5_heat"])
        loss = loss + feature_error(out, taught, network.pairs)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    after = gaps()
    assert after[0] < 0.5 * before[0]
    assert after[1] < 0.8 * before[1]


def test_a_distilled_student_is_an_ordinary_network():
    torch.manual_seed(0)
    network = DistilledStudent(config(8, 1), hourglass(12, 2)).eval()
    student = hourglass(8, 1).eval()
    load_weights(student, network.state_dict(), "here")
    out, plain = network(pictures(2)), student(pictures(2))
    assert set(out) == set(plain) | {"adapted_0"}
    assert torch.equal(out["celeba5_heat"], plain["celeba5_heat"])
    assert out["adapted_0"].shape[1] == 12
    kept = network.aside[0].weight.clone()
    load_weights(network, hourglass(8, 1).state_dict(), "there")  # a start without the rest
    assert torch.equal(network.aside[0].weight, kept)
    assert not torch.equal(network(pictures(2))["celeba5_heat"], plain["celeba5_heat"])


def said(points: list[float], doubt: list[float], presence: float) -> dict:
    return {
        "celeba5": torch.tensor(points)[None, :, None].expand(1, -1, 2).clone(),
        "celeba5_log_sigma": torch.tensor([doubt]).log(),
        "presence": torch.tensor([presence]),
    }


def test_imitation_trusts_the_teacher_as_far_as_it_trusts_itself():
    """Five points, 3 and 4 off at the first two; the teacher is twice as sure of the first."""
    taught = said([0.0] * 5, [1.0, 2.0, 2.0, 2.0, 2.0], 30.0)
    mine = said([0.0] * 5, [1.0, 2.0, 2.0, 2.0, 4.0], 0.0)
    mine["celeba5"][0, 0, 0], mine["celeba5"][0, 1, 1] = 3.0, 4.0
    terms = imitation(mine, taught, ("celeba5",), 100)
    d = [math.sqrt(v + 0.01) for v in (9, 16, 0, 0, 0)]
    trust = np.array([1, 0.5, 0.5, 0.5, 0.5]) / 0.6
    assert terms["celeba5"].item() == pytest.approx((trust @ d) / 5, rel=1e-4)
    assert terms["celeba5_doubt"].item() == pytest.approx(math.log(2) / 5, rel=1e-4)
    assert terms["presence"].item() == pytest.approx(math.log(2), rel=1e-4)


def test_where_the_teacher_sees_no_face_points_teach_nothing():
    taught, mine = said([0.0] * 5, [1.0] * 5, -40.0), said([9.0] * 5, [1.0] * 5, 2.0)
    terms = imitation(mine, taught, ("celeba5",), 100)
    assert terms["celeba5"].item() == pytest.approx(0, abs=1e-6)
    assert terms["presence"].item() == pytest.approx(2 + math.log1p(math.exp(-2)), rel=1e-4)
