"""Values and gradients worked out by hand from the formulas of the papers."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.train import losses
from bauta.train.losses import adaptive_wing as awing
from bauta.train.losses import coordinates, pfld

LN6 = math.log(6)


def slope(function, x: float) -> float:
    """Derivative at x as autograd has it."""
    t = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    function(t).backward()
    return t.grad.item()


def value(function, x: float) -> float:
    return function(torch.tensor(x, dtype=torch.float64)).item()


# function, x, value, derivative
PENALTIES = [
    (coordinates.l2, 3.0, 4.5, 3.0),
    (coordinates.l2, -0.5, 0.125, -0.5),
    (coordinates.l1, 3.0, 3.0, 1.0),
    (coordinates.l1, -0.5, 0.5, -1.0),
    (coordinates.smooth_l1, 0.5, 0.125, 0.5),
    (coordinates.smooth_l1, -3.0, 2.5, -1.0),
    (lambda x: coordinates.smooth_l1(x, 4.0), 2.0, 0.5, 0.5),
    (lambda x: coordinates.smooth_l1(x, 4.0), 6.0, 4.0, 1.0),
    # 10 ln(1 + 2 / 2), 10 / (2 + 2)
    (coordinates.wing, 2.0, 6.931471805599453, 2.5),
    (coordinates.wing, -4.0, 10.986122886681098, -10 / 6),
    # 15 - C, C = 10 - 10 ln 6 = -7.917595
    (coordinates.wing, 15.0, 22.917594692280550, 1.0),
    (coordinates.wing, -15.0, 22.917594692280550, -1.0),
    # w = 4, eps = 1 at 3: 4 ln 4, 4 / (1 + 3)
    (lambda x: coordinates.wing(x, 4.0, 1.0), 3.0, 5.545177444479562, 1.0),
]


@pytest.mark.parametrize(("function", "x", "expected", "derivative"), PENALTIES)
def test_penalties_and_their_slopes_by_hand(function, x, expected, derivative):
    assert value(function, x) == pytest.approx(expected, abs=1e-12)
    assert slope(function, x) == pytest.approx(derivative, abs=1e-12)


@pytest.mark.parametrize(
    ("function", "joint"),
    [(coordinates.smooth_l1, 1.0), (coordinates.wing, 10.0), (coordinates.wing, -10.0)],
)
def test_pieces_meet_at_the_joint(function, joint):
    below, above = value(function, joint * (1 - 1e-9)), value(function, joint * (1 + 1e-9))
    assert below == pytest.approx(above, abs=1e-6)


def test_wing_has_no_slope_at_zero_but_the_full_one_beside_it():
    assert slope(coordinates.wing, 0.0) == 0.0
    assert slope(coordinates.wing, 1e-9) == pytest.approx(5.0)  # w / eps


def pair(*xy: tuple[float, float]):
    """One face whose points are off by `xy`."""
    d = torch.tensor([xy], dtype=torch.float64)
    return d, torch.zeros_like(d)


def test_wing_is_summed_over_coordinates_and_averaged_over_faces():
    predicted, target = pair((2.0, 0.0), (-4.0, 15.0))
    one = losses.make_loss("wing")(predicted, target, torch.ones(1, 2))
    by_hand = 10 * math.log(2) + 10 * math.log(3) + 15 - (10 - 10 * LN6)
    assert one.item() == pytest.approx(by_hand)
    two = losses.make_loss("wing")(
        torch.cat([predicted, target]), torch.cat([target, target]), torch.ones(2, 2)
    )
    assert two.item() == pytest.approx(by_hand / 2)


def test_mean_over_points_divides_by_their_weight():
    predicted, target = pair((3.0, 1.0), (5.0, 0.0))
    weights = torch.tensor([[1.0, 3.0]])
    assert losses.make_loss("l1")(predicted, target, weights).item() == pytest.approx(4 + 15)
    mean = losses.make_loss("l1", {"over": "mean"})
    assert mean(predicted, target, weights).item() == pytest.approx((4 + 15) / 4)


def test_depth_counts_by_its_weight():
    predicted, target = torch.tensor([[[1.0, 2.0, 8.0]]]), torch.zeros(1, 1, 3)
    assert losses.make_loss("l1")(predicted, target, torch.ones(1, 1)).item() == 1 + 2 + 4
    full = losses.make_loss("l1", {"z": 1.0})
    assert full(predicted, target, torch.ones(1, 1)).item() == 1 + 2 + 8


def call(name: str, predicted, target, weights):
    """The loss `name` with plain values for whatever else it needs."""
    extra = {
        "size": 64,
        "log_sigma": torch.zeros(weights.shape),
        "pose": torch.full((len(weights), 3), 20.0),
        "true_pose": torch.zeros(len(weights), 3),
        "classes": None,
    }
    loss = losses.make_loss(name)
    return loss(predicted, target, weights, **{key: extra[key] for key in loss.needs})


@pytest.mark.parametrize("name", losses.LOSSES)
def test_what_has_weight_zero_changes_nothing(name):
    heat = name == "adaptive_wing"
    predicted = torch.rand(3, 4, *((5, 5) if heat else (2,)))
    target, weights = torch.rand_like(predicted), torch.ones(3, 4)
    weights[0, 1] = 0
    before = call(name, predicted, target, weights)
    moved = predicted.clone()
    moved[0, 1] += 50
    moved.requires_grad_()
    after = call(name, moved, target, weights)
    assert after.item() == pytest.approx(before.item(), rel=1e-6)
    after.backward()
    assert not moved.grad[0, 1].any()
    assert moved.grad[0, 0].any()


@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_batch_without_labels_costs_nothing(name):
    predicted = torch.rand(2, 3, *((5, 5) if name == "adaptive_wing" else (2,)), requires_grad=True)
    loss = call(name, predicted, torch.zeros_like(predicted), torch.zeros(2, 3))
    loss.backward()
    assert loss.item() == 0
    assert not predicted.grad.any()


@pytest.mark.parametrize("name", ["wing", "l2", "l1", "smooth_l1", "pfld"])
def test_a_face_without_labels_does_not_thin_the_others(name):
    predicted, target, weights = torch.ones(2, 3, 2), torch.zeros(2, 3, 2), torch.ones(2, 3)
    alone = call(name, predicted[:1], target[:1], weights[:1])
    weights[1] = 0
    joined = losses.make_loss(name)
    extra = {}
    if name == "pfld":  # a face of no known pose is of no class
        nothing = torch.full((1, 3), torch.nan)
        extra = {
            "pose": torch.full((2, 3), 20.0),
            "true_pose": torch.cat([torch.zeros(1, 3), nothing]),
            "classes": None,
        }
        alone = alone * 2  # the only frontal face of one, then of two
    assert joined(predicted, target, weights, **extra).item() == pytest.approx(alone.item())


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(InputError, match="wing"):
        losses.make_loss("wings")
    with pytest.raises(InputError, match=r"'omega'.*w, eps, over, z"):
        losses.make_loss("wing", {"omega": 1.0})
    with pytest.raises(InputError, match="sum, mean"):
        losses.make_loss("wing", {"over": "max"})


# ---- adaptive wing: omega 14, theta 1/2, eps 1, alpha 2.1


def awing_of(predicted: float, target: float) -> float:
    make = torch.tensor
    return awing.adaptive_wing(
        make(predicted, dtype=torch.float64), make(target, dtype=torch.float64)
    ).item()


def test_adaptive_wing_by_hand():
    # y = 1: the power is 1.1; d = 0.25: 14 ln(1 + 0.25^1.1)
    assert awing_of(0.75, 1.0) == pytest.approx(14 * math.log(1 + 0.25**1.1))
    # y = 0: the power is 2.1, as far away: much less
    assert awing_of(0.25, 0.0) == pytest.approx(14 * math.log(1 + 0.25**2.1))
    # beyond theta it is straight: A = 14 / (1 + 0.5^2.1) * 2.1 * 0.5^1.1
    a = 14 / (1 + 0.5**2.1) * 2.1 * 0.5**1.1
    assert awing_of(1.0, 0.0) - awing_of(0.75, 0.0) == pytest.approx(a / 4)
    assert awing_of(0.75, 0.0) == pytest.approx(14 * math.log(1 + 0.5**2.1) + a / 4)


@pytest.mark.parametrize("y", [0.0, 0.4, 1.0])
def test_adaptive_wing_is_continuous_in_value_and_slope(y):
    def f(x):
        return awing.adaptive_wing(x, torch.tensor(y, dtype=torch.float64))

    below, above = y - 0.5 + 1e-9, y - 0.5 - 1e-9
    assert value(f, below) == pytest.approx(value(f, above), abs=1e-6)
    assert slope(f, below) == pytest.approx(slope(f, above), abs=1e-5)


def test_adaptive_wing_pulls_towards_the_target_and_rests_on_it():
    def f(x):
        return awing.adaptive_wing(x, torch.tensor(0.8, dtype=torch.float64))

    # 14 / (1 + d^p) p d^(p - 1) at d = 0.2, p = 1.3
    by_hand = 14 / (1 + 0.2**1.3) * 1.3 * 0.2**0.3
    assert slope(f, 1.0) == pytest.approx(by_hand)
    assert slope(f, 0.6) == pytest.approx(-by_hand)
    assert slope(f, 0.8) == 0.0


def test_weight_map_covers_the_peak_and_its_neighbours():
    heat = torch.zeros(1, 1, 5, 5)
    heat[0, 0, 1, 2], heat[0, 0, 4, 4] = 0.2, 0.19
    expected = torch.ones(5, 5)
    expected[0:3, 1:4] = 11
    assert torch.equal(awing.weight_map(heat)[0, 0], expected)
    flat = losses.make_loss("adaptive_wing", {"foreground": 0.0})
    one = torch.full((1, 1, 1, 1), 0.25)
    assert flat(one, torch.zeros_like(one), torch.ones(1, 1)).item() == pytest.approx(
        14 * math.log(1 + 0.25**2.1)
    )


# ---- likelihoods


def test_gaussian_likelihood_by_hand():
    log_s = torch.tensor(math.log(2.0), requires_grad=True)
    d = torch.tensor(3.0, requires_grad=True)
    nll = losses.gaussian_nll(d, log_s)
    nll.backward()
    assert nll.item() == pytest.approx(math.log(4) + 9 / 8)  # log s^2 + d^2 / (2 s^2)
    assert d.grad.item() == pytest.approx(3 / 4)  # d / s^2
    assert log_s.grad.item() == pytest.approx(2 - 9 / 4)  # 2 - d^2 / s^2


def test_laplace_likelihood_by_hand():
    log_s = torch.tensor(math.log(2.0), requires_grad=True)
    d = torch.tensor(3.0, requires_grad=True)
    nll = losses.laplace_nll(d, log_s)
    nll.backward()
    assert nll.item() == pytest.approx(1.5 + math.log(2))
    assert (d.grad.item(), log_s.grad.item()) == pytest.approx((0.5, -0.5))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", ["gaussian", "laplace"])
def test_doubt_is_the_expected_distance_in_percent(name, dims):
    """Points scattered by N(0, s) in each coordinate: the best doubt is their mean distance."""
    generator = torch.Generator().manual_seed(0)
    off = torch.randn(20000, 1, dims, generator=generator, dtype=torch.float64)
    if dims == 3:
        off[..., 2] *= 2  # depth counts half
    predicted = off * 1.5
    mean = 100 / 50 * 1.5 * {2: 1.2533, 3: 1.5958}[dims]  # crop of 50 px; Rayleigh, Maxwell
    candidates = torch.linspace(0.5, 2.5, 201)
    if name == "laplace":
        candidates = candidates + math.log(mean) - 1.5
    loss = losses.make_loss(name)
    weights = torch.ones(20000, 1)
    values = [
        loss(predicted, torch.zeros_like(off), weights, torch.full((20000, 1), float(c)), 50).item()
        for c in candidates
    ]
    best = candidates[int(torch.tensor(values).argmin())]
    assert math.exp(best) == pytest.approx(mean, rel=0.03)


# ---- PFLD


def test_angle_weight_by_hand():
    pose = torch.tensor([[60.0, 0.0, -90.0], [10.0, 10.0, 10.0], [180.0, 0.0, 0.0]])
    truth = torch.tensor([[0.0, 0.0, 0.0], [10.0, 10.0, 10.0], [torch.nan, 0.0, 0.0]])
    assert pfld.angle_weight(pose, truth).tolist() == pytest.approx([0.5 + 1.0, 0.0, 1.0], abs=1e-6)


def test_classes_of_a_pose_and_their_rarity():
    truth = torch.tensor([[0.0, 0, 0], [40, 25, 0], [-40, -25, 0], [5, 0, 0], [torch.nan] * 3])
    smiles = torch.tensor([[0.0], [1], [torch.nan], [0], [1]])
    table = pfld.classes(truth, smiles)  # profile, frontal, up, down, smile
    assert table.tolist() == [
        [0, 1, 0, 0, 0],
        [1, 0, 1, 0, 1],
        [1, 0, 0, 1, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 0, 1],
    ]
    # of five faces: profile 2, frontal 2, up 1, down 1, smile 2
    assert pfld.class_weight(table).tolist() == [2.5, 2.5 + 5 + 2.5, 2.5 + 5, 2.5, 2.5]
    assert pfld.class_weight(torch.zeros(2, 3)).tolist() == [1, 1]


def test_pfld_by_hand_with_gradients():
    predicted, target = pair((3.0, 4.0), (1.0, 0.0))
    predicted.requires_grad_()
    pose = torch.tensor([[60.0, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    true_pose = torch.zeros(1, 3, dtype=torch.float64)
    loss = losses.make_loss("pfld")(predicted, target, torch.ones(1, 2), pose, true_pose)
    loss.backward()
    assert loss.item() == pytest.approx(1.0 * 0.5 * 26)  # the only class, 1 - cos 60, 25 + 1
    assert predicted.grad[0, 0].tolist() == pytest.approx([0.5 * 6, 0.5 * 8])
    by_hand = math.sin(math.pi / 3) * 26 * math.pi / 180  # for each degree of yaw
    assert pose.grad[0].tolist() == pytest.approx([by_hand, 0, 0])


# ---- distances in percent


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
