"""What a landmark network is told: each term by hand, and nothing told where nothing is known."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta import schemes
from bauta.checks import InputError
from bauta.data.batch import Batch
from bauta.train.objective import (
    SPANS,
    LossSettings,
    Objective,
    attribute_loss,
    detail_weights,
    gaussian_maps,
)


def batch_of(points: dict[str, np.ndarray], **more) -> Batch:
    count = len(next(iter(points.values())))
    images = np.zeros((count, 8, 8, 3), np.uint8)
    weights = {name: np.ones(p.shape[:2], np.float32) for name, p in points.items()}
    return Batch(images, points, more.pop("weights", weights), **more)


def zeros(count: int, k: int = 68, d: int = 2) -> np.ndarray:
    return np.zeros((count, k, d), np.float32)


def test_the_founding_loss_is_wing_in_pixels_summed_over_coordinates():
    """Every x off by 4 px: 68 * 10 ln(1 + 4 / 2) = 680 ln 3."""
    out = {"ibug68": torch.zeros(2, 68, 2)}
    out["ibug68"][..., 0] = 4.0
    terms = Objective(LossSettings(), ("ibug68",), 64)(out, batch_of({"ibug68": zeros(2)}))
    assert list(terms) == ["ibug68"]
    assert terms["ibug68"].item() == pytest.approx(680 * math.log(3), rel=1e-5)


def test_a_scheme_counts_by_its_weight_and_an_unlabelled_face_not_at_all():
    out = {"ibug68": torch.full((2, 68, 2), 3.0), "lfpw29": torch.full((2, 29, 2), 3.0)}
    weights = {"ibug68": np.zeros((2, 68), np.float32), "lfpw29": np.ones((2, 29), np.float32)}
    batch = batch_of({"ibug68": zeros(2), "lfpw29": zeros(2, 29)}, weights=weights)
    settings = LossSettings(points="l1", schemes={"lfpw29": 0.5})
    terms = Objective(settings, ("ibug68", "lfpw29"), 64)(out, batch)
    assert terms["ibug68"].item() == 0.0
    assert terms["lfpw29"].item() == pytest.approx(0.5 * 29 * 2 * 3.0)


NO_DEPTH = (
    *("distance", "gaussian", "l1", "l2", "laplace", "pfld", "smooth_l1", "wing"),
    *("gap and spans", "doubt"),
)


@pytest.mark.parametrize("told", NO_DEPTH)
def test_a_face_without_a_depth_teaches_none(told):
    """The other face's z is taught as ever, and x and y of both."""
    scheme = "mesh478" if told == "gap and spans" else "ibug68-3d"
    target = np.random.default_rng(0).uniform(10, 50, (2, schemes.get(scheme).count, 3))
    target = target.astype(np.float32)
    target[0, :, 2] = np.nan
    points = (torch.nan_to_num(torch.from_numpy(target)) + 2.5).requires_grad_(True)
    out = {scheme: points, f"{scheme}_log_sigma": torch.zeros(points.shape[:2])}
    settings = LossSettings(points=told if told in NO_DEPTH[:8] else "l1")
    if told == "gap and spans":
        settings = LossSettings(points="l1", gap=1.0, spans=1.0)
    elif told == "doubt":
        settings = LossSettings(points="l1", sigma=1.0)
    pose = np.zeros((2, 3), np.float32)
    out["pose"] = torch.full((2, 3), 10.0)
    terms = Objective(settings, (scheme,), 64)(out, batch_of({scheme: target}, pose=pose))
    assert all(torch.isfinite(value) for value in terms.values())
    (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), points)
    assert (gradient[0, :, 2] == 0).all()
    assert (gradient[1, :, 2] > 0).all()
    assert (gradient[..., :2].abs().sum((1, 2)) > 0).all()


def test_doubt_of_a_face_without_a_depth_is_that_of_its_x_and_y():
    target = zeros(2, 68, 3)
    target[0, :, 2] = np.nan
    said = torch.zeros(2, 68, 3)
    said[..., 0], said[..., 2] = 3.0, 8.0
    log_sigma = torch.zeros(2, 68, requires_grad=True)
    out = {"ibug68-3d": said, "ibug68-3d_log_sigma": log_sigma}
    settings = LossSettings(points="l1", sigma=1.0)
    terms = Objective(settings, ("ibug68-3d",), 100)(out, batch_of({"ibug68-3d": target}))
    terms["ibug68-3d_sigma"].backward()
    assert log_sigma.grad is not None
    # d/d log s of d exp(-log s) + log s at 0 is 1 - d: 3 and, with z counting half, 5 percent
    assert log_sigma.grad[0] * 136 == pytest.approx(torch.full((68,), 1 - 3.0), rel=1e-2)
    assert log_sigma.grad[1] * 136 == pytest.approx(torch.full((68,), 1 - 5.0), rel=1e-2)


def test_doubt_is_told_the_distance_and_does_not_move_the_points():
    points = torch.zeros(1, 68, 2, requires_grad=True)
    log_sigma = torch.zeros(1, 68, requires_grad=True)
    out = {"ibug68": points, "ibug68_log_sigma": log_sigma}
    target = zeros(1) + np.array([3.0, 4.0], np.float32)
    settings = LossSettings(points="", heat=1.0, sigma=2.0)
    objective = Objective(settings, ("ibug68",), 100)
    terms = objective._scheme(
        "ibug68", out | {"ibug68_heat": torch.zeros(1, 68, 4, 4)}, torch.from_numpy(target),
        torch.ones(1, 68), batch_of({"ibug68": target}),
    )  # fmt: skip
    assert terms["ibug68_sigma"].item() == pytest.approx(2 * math.sqrt(25.01), rel=1e-5)
    terms["ibug68_sigma"].backward()
    assert points.grad is None
    assert log_sigma.grad is not None


def test_lids_and_lips_of_the_mesh_weigh_more_and_their_gap_is_told():
    """All points off by the same vector: no gap error but the smoothing's 0.1; 5 % distance."""
    out = {"mesh478": torch.zeros(1, 478, 3)}
    target = np.zeros((1, 478, 3), np.float32)
    target[..., :2] = (3.0, 4.0)
    settings = LossSettings(points="distance", gap=0.4, detail=3.0)
    terms = Objective(settings, ("mesh478",), 100)(out, batch_of({"mesh478": target}))
    assert terms["gap"].item() == pytest.approx(0.4 * 0.1, rel=1e-4)
    assert terms["mesh478"].item() == pytest.approx(math.sqrt(25.01), rel=1e-4)
    weights = detail_weights(3.0)
    assert weights[159] == 3.0, "a lid"
    assert weights[50] == 1.0, "a cheek"


def test_a_raised_brow_is_told_beside_its_place():
    """Brows of ibug68 5 % of the crop too high: ten of 17 spans are off by that, no mouth."""
    target = np.zeros((1, 68, 2), np.float32)
    said = torch.zeros(1, 68, 2)
    said[:, 17:27, 1] = -5.0
    settings = LossSettings(points="distance", spans=0.5)
    objective = Objective(settings, ("ibug68",), 100)
    terms = objective({"ibug68": said}, batch_of({"ibug68": target}))
    brows = sum(17 <= a < 27 for a, _ in SPANS["ibug68"])
    assert brows == 10
    mean = (brows * math.sqrt(25.01) + (len(SPANS["ibug68"]) - brows) * 0.1) / len(SPANS["ibug68"])
    assert terms["ibug68_spans"].item() == pytest.approx(0.5 * mean, rel=1e-4)
    weights = torch.ones(1, 68)
    weights[:, 17:27] = 0
    hidden = objective._scheme(
        "ibug68", {"ibug68": said}, torch.from_numpy(target), weights, batch_of({"ibug68": target})
    )
    assert hidden["ibug68_spans"].item() == pytest.approx(0.5 * 0.1, rel=1e-4)


def test_spans_lie_on_both_sides_alike():
    for name, pairs in SPANS.items():
        mirror = schemes.get(name).mirror
        spans = {frozenset(pair) for pair in pairs}
        assert {frozenset(mirror[list(pair)].tolist()) for pair in pairs} == spans, name


def test_an_off_lid_counts_thrice_an_off_cheek():
    target = np.zeros((1, 478, 3), np.float32)
    values = []
    for point in (159, 50):
        said = torch.zeros(1, 478, 3)
        said[0, point, 0] = 50.0
        settings = LossSettings(points="distance", detail=3.0)
        terms = Objective(settings, ("mesh478",), 100)(
            {"mesh478": said}, batch_of({"mesh478": target})
        )
        values.append(terms["mesh478"].item() - 0.1)
    assert values[0] == pytest.approx(3 * values[1], rel=1e-3)


def test_a_peak_lies_where_its_point_is():
    """Crop of 64, cells of 4 pixels: (10, 30) is the middle of column 2, row 7."""
    maps = gaussian_maps(torch.tensor([[[10.0, 30.0]]]), 64, 16, 1.5)
    assert maps.shape == (1, 1, 16, 16)
    assert maps[0, 0, 7, 2].item() == pytest.approx(1.0)
    assert maps[0, 0, 7, 5].item() == pytest.approx(math.exp(-9 / 4.5), rel=1e-5)
    assert maps[0, 0, 9, 2].item() == pytest.approx(math.exp(-4 / 4.5), rel=1e-5)


def test_heat_maps_of_every_stack_are_told():
    target = zeros(1) + np.array([10.0, 30.0], np.float32)
    truth = gaussian_maps(torch.from_numpy(target), 64, 16, 1.5)
    out = {"ibug68": torch.zeros(1, 68, 2), "ibug68_heat": truth, "ibug68_heat_stack0": truth + 0.5}
    objective = Objective(LossSettings(points="", heat=2.0), ("ibug68",), 64)
    terms = objective(out, batch_of({"ibug68": target}))
    assert terms["ibug68_heat"].item() == pytest.approx(2 * 0.25 * 16 * 16, rel=1e-5)


def test_presence_pose_and_attributes_by_hand():
    out = {
        "ibug68": torch.zeros(2, 68, 2),
        "presence": torch.zeros(2),
        "pose": torch.tensor([[10.0, 0.0, -20.0], [5.0, 5.0, 5.0]]),
        "attribute_smile": torch.zeros(2),
    }
    batch = batch_of(
        {"ibug68": zeros(2)},
        present=np.array([1, 0], np.float32),
        pose=np.array([[0, 0, 10], [np.nan] * 3], np.float32),
        attributes={"smile": np.array([1, np.nan], np.float32)},
    )
    settings = LossSettings(points="l1", presence=3.0, pose=2.0, attributes={"smile": 0.5})
    terms = Objective(settings, ("ibug68",), 64)(out, batch)
    assert terms["presence"].item() == pytest.approx(3 * math.log(2))
    assert terms["pose"].item() == pytest.approx(2 * (1.0 + 0.0 + 3.0) / 3)
    assert terms["attribute_smile"].item() == pytest.approx(0.5 * math.log(2))


def test_an_attribute_of_several_classes_is_a_cross_entropy():
    said = torch.tensor([[0.0, 0.0, 0.0], [9.0, 9.0, 9.0]])
    loss = attribute_loss(said, torch.tensor([2.0, float("nan")]))
    assert loss.item() == pytest.approx(math.log(3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"points": "wink"}, "'wink': unknown; one of"),
        ({"settings": {"v": 1.0}}, "no setting 'v'"),
        ({"points": "adaptive_wing"}, "give it as heat_loss"),
        ({"points": ""}, "nothing is told"),
        ({"heat_loss": "l3"}, "heat_loss: unknown 'l3'"),
        ({"schemes": {"ibug69": 1.0}}, "ibug69"),
    ],
)
def test_settings_that_tell_nothing_sensible_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        LossSettings(**settings)


@pytest.mark.parametrize(
    ("settings", "head"),
    [({"presence": 1.0}, "presence"), ({"pose": 1.0}, "pose"), ({"heat": 1.0}, "heatmap"),
     ({"points": "laplace"}, "uncertainty"), ({"points": "pfld"}, "pose")],
)  # fmt: skip
def test_a_head_that_is_missing_is_named(settings, head):
    out = {"ibug68": torch.zeros(1, 68, 2)}
    with pytest.raises(InputError, match=f"`{head}`"):
        Objective(LossSettings(**settings), ("ibug68",), 64)(out, batch_of({"ibug68": zeros(1)}))


def test_a_gap_without_a_mesh_is_refused():
    with pytest.raises(InputError, match="needs the scheme mesh478"):
        Objective(LossSettings(gap=1.0), ("ibug68",), 64)
