"""Heads: known maps and numbers in, known points out."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError, SourceError
from bauta.geometry.rotation import from_angles
from bauta.train.networks.heads import Site, decode
from bauta.train.networks.heads.base import to_pixels
from bauta.train.networks.heads.basis import Basis, principal
from bauta.train.networks.heads.beside import Attributes, Pose
from bauta.train.networks.heads.coordinates import Coordinates
from bauta.train.networks.heads.heatmap import Heatmap
from bauta.train.networks.heads.turn import angles_of, rotation_of_six


def site(size=64, channels=4, side=16, stacks=1, code=5, schemes=("ibug68",)) -> Site:
    return Site(size, channels, side, stacks, code, schemes)


def heat_of(cells: dict[tuple[int, int], float], height=6, width=8):
    heat = torch.zeros(1, 1, height, width)
    for (row, column), value in cells.items():
        heat[0, 0, row, column] = value
    return heat


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({(2, 3): 1.0}, (3.5, 2.5)),
        ({(2, 3): 1.0, (2, 4): 0.5}, (3.75, 2.5)),
        ({(2, 3): 1.0, (2, 2): 0.5, (3, 3): 0.1}, (3.25, 2.75)),
        ({(0, 0): 1.0, (0, 1): 0.9, (1, 0): 0.9}, (0.5, 0.5)),
        ({(5, 7): 1.0, (5, 6): 0.9, (4, 7): 0.9}, (7.5, 5.5)),
        ({(0, 4): 1.0, (0, 5): 0.2}, (4.75, 0.5)),
    ],
    ids=["alone", "right", "left and down", "corner", "last corner", "top edge"],
)
def test_a_peak_moves_a_quarter_towards_its_higher_neighbour(cells, expected):
    assert decode.argmax_quarter(heat_of(cells))[0, 0].tolist() == pytest.approx(expected)


def test_the_offset_of_the_highest_cell_is_added_to_its_middle():
    offset = torch.full((1, 1, 2, 6, 8), 9.0)
    offset[0, 0, :, 2, 3] = torch.tensor([0.3, -0.4])
    found = decode.argmax_offset(heat_of({(2, 3): 1.0}), offset)
    assert found[0, 0].tolist() == pytest.approx([3.8, 2.1])


def test_the_expectation_lies_between_two_equal_cells():
    heat = heat_of({(1, 2): 50.0, (1, 4): 50.0})
    found = decode.expectation(decode.probabilities(heat))
    assert found[0, 0].tolist() == pytest.approx([3.5, 1.5])


def test_an_even_map_is_the_middle_of_the_crop():
    even = decode.expectation(decode.probabilities(torch.zeros(1, 1, 6, 8)))
    assert even[0, 0].tolist() == pytest.approx([4.0, 3.0])


@pytest.mark.parametrize("form", ["quarter", "offset", "soft"])
def test_a_point_in_the_middle_of_a_cell_comes_back_in_pixels(form):
    """Cell (row 5, column 2) of 16 over 64 pixels: its middle is (10, 22)."""
    head = Heatmap(site(channels=68), form)
    with torch.no_grad():
        head.heat[0].weight.copy_(torch.eye(68)[..., None, None])
        head.heat[0].bias.zero_()
        if head.offset is not None:
            head.offset.weight.zero_()
            head.offset.bias.zero_()
    features = torch.zeros(2, 68, 16, 16)
    features[:, :, 5, 2] = 60.0
    out = head([features], torch.zeros(2, 0))
    assert out["ibug68"].shape == (2, 68, 2)
    expected = np.broadcast_to([10.0, 22.0], (2, 68, 2))
    assert out["ibug68"].detach().numpy() == pytest.approx(expected, abs=1e-3)


def test_an_offset_of_one_is_a_sixteenth_of_the_side():
    head = Heatmap(site(channels=68), "offset")
    assert head.offset is not None
    with torch.no_grad():
        for layer in (head.heat[0], head.offset):
            layer.weight.zero_()
            layer.bias.zero_()
        head.offset.bias[0:2] = torch.tensor([1.0, -1.0])
    out = head([torch.zeros(1, 68, 16, 16)], torch.zeros(1, 0))
    assert out["ibug68_offset"].shape == (1, 68, 2, 16, 16)
    assert out["ibug68"][0, 0].tolist() == pytest.approx([2 + 4, 2 - 4])
    assert out["ibug68"][0, 1].tolist() == pytest.approx([2, 2])


def test_soft_heat_maps_are_probabilities_with_a_gradient():
    head = Heatmap(site(), "soft")
    features = torch.randn(1, 4, 16, 16, requires_grad=True)
    out = head([features], torch.zeros(1, 0))
    assert out["ibug68_heat"].sum((2, 3)).detach() == pytest.approx(torch.ones(1, 68))
    out["ibug68"].sum().backward()
    assert features.grad.abs().max() > 0


def test_every_stack_gives_heat_maps():
    head = Heatmap(site(stacks=2))
    out = head([torch.zeros(1, 4, 16, 16)] * 2, torch.zeros(1, 0))
    assert set(out) == {"ibug68", "ibug68_heat", "ibug68_heat_stack0"}


def test_heat_maps_have_no_depth():
    with pytest.raises(InputError, match="z"):
        Heatmap(site(schemes=("mesh478",)))


def test_coordinates_start_at_the_mean_and_zero_is_the_middle():
    head = Coordinates(site(schemes=("ibug68", "ibug68-3d")))
    rng = np.random.default_rng(0)
    labels = {"ibug68": rng.uniform(0, 64, (7, 68, 2)), "ibug68-3d": np.zeros((7, 68, 3))}
    head.start_from(labels)
    out = head([], torch.zeros(1, 5))
    spread = head.linear["ibug68"].weight.abs().max()
    assert out["ibug68"][0].detach() == pytest.approx(labels["ibug68"].mean(0), abs=1e-3)
    assert 0 < spread < 0.1
    with torch.no_grad():
        head.linear["ibug68-3d"].bias.zero_()
    assert head([], torch.zeros(1, 5))["ibug68-3d"][0, 3].tolist() == [32, 32, 0]


def test_coordinates_start_at_a_depth_of_0_where_no_label_has_one():
    """Whatever the code says: nothing will teach it."""
    head = Coordinates(site(schemes=("ibug68-3d",)))
    labels = np.random.default_rng(0).uniform(0, 64, (7, 68, 2))
    head.start_from({"ibug68-3d": labels})
    out = head([], torch.randn(4, 5))["ibug68-3d"].detach()
    assert (out[..., 2] == 0).all()
    assert out[..., :2].std(0).min() > 0
    at_zero = head([], torch.zeros(1, 5))["ibug68-3d"][0].detach()
    assert at_zero[:, :2] == pytest.approx(labels.mean(0), abs=1e-3)


def test_coordinates_start_at_the_mean_of_the_depths_that_are_known():
    head = Coordinates(site(schemes=("ibug68-3d",)))
    labels = np.random.default_rng(0).uniform(0, 64, (6, 68, 3))
    labels[2:, :, 2] = np.nan
    head.start_from({"ibug68-3d": labels})
    out = head([], torch.zeros(1, 5))["ibug68-3d"][0].detach()
    assert out[:, :2] == pytest.approx(labels.mean(0)[:, :2], abs=1e-3)
    assert out[:, 2] == pytest.approx(labels[:2, :, 2].mean(0), abs=1e-3)
    assert head([], torch.randn(4, 5))["ibug68-3d"][..., 2].std(0).min() > 0


def test_a_depth_that_a_flat_scheme_has_in_some_pack_is_left_out():
    head = Coordinates(site())
    labels = np.random.default_rng(0).uniform(0, 64, (6, 68, 3))
    head.start_from({"ibug68": labels})
    out = head([], torch.zeros(1, 5))["ibug68"][0].detach()
    assert out == pytest.approx(labels.mean(0)[:, :2], abs=1e-3)


def test_a_basis_is_that_of_the_faces_with_a_depth_where_these_are_enough():
    rng = np.random.default_rng(3)
    labels = 32 + rng.normal(size=(30, 2)) @ rng.normal(size=(2, 204))
    labels = labels.reshape(30, 68, 3)
    labels[12:, :, 2] = np.nan
    head, deep = Basis(site(schemes=("ibug68-3d",)), 2), Basis(site(schemes=("ibug68-3d",)), 2)
    head.start_from({"ibug68-3d": labels})
    deep.start_from({"ibug68-3d": labels[:12]})
    assert torch.equal(head.basis, deep.basis)
    assert torch.equal(head.mean, deep.mean)
    few = Basis(site(schemes=("ibug68-3d",)), 12)
    few.start_from({"ibug68-3d": labels})
    assert torch.isfinite(few.basis).all()
    mean = to_pixels(few.mean.view(68, 3), 64)
    assert mean[:, :2] == pytest.approx(labels[..., :2].mean(0), abs=1e-3)
    assert mean[:, 2] == pytest.approx(labels[:12, :, 2].mean(0), abs=1e-3)


def test_a_basis_of_labels_without_a_depth_says_0():
    head = Basis(site(schemes=("ibug68-3d",)), 3)
    head.start_from({"ibug68-3d": np.random.default_rng(0).uniform(0, 64, (9, 68, 2))})
    out = head([], torch.randn(4, 5))["ibug68-3d"].detach()
    assert out[..., 2].abs().max() < 1e-9
    assert out[..., :2].std(0).min() > 0


def test_a_basis_head_is_the_mean_plus_its_directions():
    rng = np.random.default_rng(1)
    mean, basis = rng.random((68, 2)), rng.random((3, 68, 2)) * 0.1
    path_free = Basis(site(), coefficients=3)
    path_free._set(8 * (mean - 0.5).ravel(), 8 * basis.reshape(3, -1))
    with torch.no_grad():
        path_free.linear.weight.zero_()
        path_free.linear.bias.copy_(torch.tensor([1.0, -2.0, 0.5]))
    out = path_free([], torch.zeros(1, 5))
    expected = 64 * (mean + basis[0] - 2 * basis[1] + 0.5 * basis[2])
    assert out["ibug68"][0].detach() == pytest.approx(expected, abs=1e-3)
    assert out["coefficients"][0].tolist() == pytest.approx([1.0, -2.0, 0.5])


def test_a_basis_comes_from_a_file(tmp_path):
    rng = np.random.default_rng(1)
    mean, basis = rng.random((68, 2)), rng.random((3, 68, 2))
    np.savez(tmp_path / "b.npz", mean_ibug68=mean, basis_ibug68=basis)
    head = Basis(site(), 3, str(tmp_path / "b.npz"))
    with torch.no_grad():
        head.linear.weight.zero_()
        head.linear.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    head.start_from({"ibug68": rng.random((9, 68, 2))})
    out = head([], torch.zeros(1, 5))["ibug68"][0].detach()
    assert out == pytest.approx(64 * (mean + basis[1]), abs=1e-3)
    with pytest.raises(InputError, match="basis_ibug68"):
        Basis(site(), 4, str(tmp_path / "b.npz"))
    with pytest.raises(SourceError, match="cannot read"):
        Basis(site(), 4, str(tmp_path / "none.npz"))


def test_principal_directions_are_as_long_as_the_spread_along_them():
    """Four points on two axes: standard deviations sqrt(18 / 4) and sqrt(2 / 4)."""
    points = np.array([[3.0, 0, 5], [-3, 0, 5], [0, 1, 5], [0, -1, 5]])
    mean, basis = principal(points, 3)
    assert mean.tolist() == [0, 0, 5]
    assert np.abs(basis[0]) == pytest.approx([np.sqrt(4.5), 0, 0])
    assert np.abs(basis[1]) == pytest.approx([0, np.sqrt(0.5), 0])
    assert np.abs(basis[2]) == pytest.approx([0, 0, 0])


def test_labels_made_from_a_basis_are_recovered_by_it():
    rng = np.random.default_rng(2)
    labels = 32 + rng.normal(size=(50, 2)) @ rng.normal(size=(2, 136))
    labels = labels.reshape(50, 68, 2)
    head = Basis(site(), 2)
    head.start_from({"ibug68": labels})
    target = (torch.from_numpy(labels[0]).float().ravel() - 32) / 8 - head.mean
    found = torch.linalg.lstsq(head.basis.T, target[:, None]).solution
    assert (head.basis.T @ found)[:, 0] == pytest.approx(target, abs=1e-3)


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, -20, 15), (-80, 10, 170), (45, 60, -90)])
def test_rotations_agree_with_numpy(angles):
    R = torch.from_numpy(from_angles(*angles))
    six = torch.cat([R[:, 0] * 2.5, R[:, 1] * 0.3 + R[:, 0] * 0.7])
    assert rotation_of_six(six) == pytest.approx(R, abs=1e-9)
    assert angles_of(R).tolist() == pytest.approx(angles, abs=1e-4)


def test_a_pose_of_six_numbers_starts_frontal():
    out = Pose(site(), form="6d")([], torch.zeros(1, 5))
    assert out["pose"][0].tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert out["rotation"][0].detach() == pytest.approx(torch.diag(torch.tensor([1.0, -1, -1])))


def test_attributes_are_logits_by_name():
    head = Attributes(site(), {"smile": 1, "pose": 5})
    out = head([], torch.zeros(3, 5))
    assert {key: tuple(v.shape) for key, v in out.items()} == {
        "attribute_smile": (3,),
        "attribute_pose": (3, 5),
    }
    with pytest.raises(InputError, match="at least one"):
        Attributes(site())
