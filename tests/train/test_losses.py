"""Values worked out by hand, and gradients."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.train import losses


def test_distance_is_in_percent_and_z_counts_half():
    a, b = torch.zeros(1, 1, 3), torch.tensor([[[3.0, 0.0, 8.0]]])
    assert losses.distance(a, b, 100).item() == pytest.approx(math.sqrt(9 + 16 + 0.01))
    assert losses.distance(a, b, 200).item() == pytest.approx(math.sqrt(2.25 + 4 + 0.01))


def test_distance_has_a_gradient_at_zero():
    x = torch.zeros(1, 4, 2, requires_grad=True)
    losses.distance(x, torch.zeros(1, 4, 2), 112).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_weighted_mean_leaves_out_weight_zero():
    values, weights = torch.tensor([2.0, 100.0, 4.0]), torch.tensor([1.0, 0.0, 1.0])
    assert losses.weighted_mean(values, weights).item() == pytest.approx(3.0)
    assert losses.weighted_mean(values, torch.zeros(3)).item() == 0.0


def test_likelihood_is_best_where_sigma_is_the_distance():
    d = torch.tensor([2.5])
    log_sigma = torch.linspace(-2, 3, 501)
    best = log_sigma[losses.laplace_nll(d, log_sigma).argmin()]
    assert best.item() == pytest.approx(math.log(2.5), abs=0.02)


def test_gap_ignores_a_common_shift():
    points = torch.rand(2, 5, 3)
    pairs = torch.tensor([[0, 1], [2, 4]])
    shifted = losses.gap_error(points + 7, points, pairs, 100)
    assert shifted == pytest.approx(torch.full((2, 2), 0.1), abs=1e-4)
    opened = points.clone()
    opened[:, 1, 1] += 3
    assert losses.gap_error(opened, points, pairs, 100)[0, 0].item() == pytest.approx(
        math.sqrt(9.01), abs=1e-4
    )


def test_presence_by_hand():
    loss = losses.presence_loss(torch.tensor([0.0]), torch.tensor([1.0]))
    assert loss.item() == pytest.approx(math.log(2))
