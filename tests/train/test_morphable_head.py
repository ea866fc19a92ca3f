"""A whole head, by the parameters of a face model or vertex by vertex. Known numbers in and out."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.assets.face import face_model
from bauta.checks import InputError, ModelError
from bauta.geometry.rotation import from_angles
from bauta.morphable.file import write_model
from bauta.morphable.model import Embedding, FaceModel
from bauta.train.networks.heads import Site
from bauta.train.networks.heads.morphable import Morphable, Vertices, linear
from bauta.train.networks.heads.turn import rotation_of_angles


def site(size=64, schemes=("ibug68-3d",)) -> Site:
    return Site(size, channels=4, side=16, stacks=1, code=5, schemes=schemes)


def model(vertices=80) -> FaceModel:
    """A head of any basis: random, with the 68 points on its vertices in reverse."""
    rng = np.random.default_rng(3)
    mean = rng.uniform(-5, 5, (vertices, 3))
    mean[20], mean[21] = (-10, -4, 1), (10, 6, -1)
    return FaceModel(
        "made",
        mean,
        rng.normal(size=(4, vertices, 3)),
        rng.normal(size=(3, vertices, 3)),
        ("jawOpen", "browInnerUp", "cheekPuff"),
        np.repeat(np.arange(vertices - 1, -1, -1)[:, None], 3, 1),
        np.zeros(vertices, np.uint8),
        ("skin",),
        embeddings={"ibug68-3d": Embedding(np.arange(68), np.tile([0.5, 0.25, 0.25], (68, 1)))},
    )


def test_a_morphable_head_projects_as_the_camera_of_the_conventions():
    """Scale 2 px a unit, yaw 30, roll 10, shifted by (0.1, -0.2) sides; one of each coefficient."""
    given = model()
    head = Morphable(site(size=64, schemes=("ibug68-3d",)), model=given, every=True)
    R = from_angles(30, 5, 10)
    identity, expression = np.array([0.5, 0, -1, 0]), np.array([0, 2.0, 0])
    start = 64 / 1.25 / 20  # the mean is 20 units wide: it fills 1 / 1.25 of the crop
    values = np.concatenate(
        [R[:, 0], R[:, 1], [np.log(2 / start)], [0.1, -0.2], identity, expression]
    )
    out = head.posed(torch.from_numpy(values).float()[None])
    shape = (
        given.mean
        + np.tensordot(identity, given.identity, 1)
        + np.tensordot(expression, given.expression, 1)
    )
    expected = 2 * shape @ R.T + [32 + 6.4, 32 - 12.8, 0]
    assert out["vertices"][0] == pytest.approx(expected, abs=1e-3)
    assert out["ibug68-3d"][0] == pytest.approx(expected[::-1][:68], abs=1e-3)
    assert out["pose"][0].tolist() == pytest.approx([30, 5, 10], abs=1e-3)


def test_parameters_are_recovered_from_points_by_descent():
    """The projection has a gradient that leads home."""
    torch.manual_seed(0)
    head = Morphable(site(schemes=("ibug68-3d",)), model=model())
    six = from_angles(20, -10, 15)[:, :2].T.ravel()
    truth = torch.from_numpy(np.concatenate([six, [0.2, 0.05, -0.1], np.full(7, 0.3)])).float()
    target = head.posed(truth[None])["ibug68-3d"]
    guess = torch.zeros(1, 16)
    guess[0, :6] = torch.tensor([1.0, 0, 0, 0, -1, 0])
    guess.requires_grad_(True)
    optimizer = torch.optim.LBFGS([guess], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (head.posed(guess)["ibug68-3d"] - target).pow(2).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert head.posed(guess)["ibug68-3d"].detach() == pytest.approx(target, abs=0.02)
    assert guess[0, 6:].detach() == pytest.approx(truth[6:], abs=0.01)


def test_a_morphable_head_keeps_only_the_vertices_that_it_needs():
    torch.manual_seed(0)
    whole = Morphable(site(schemes=("ibug68-3d",)), model=model(), every=True)
    few = Morphable(site(schemes=("ibug68-3d",)), model=model())
    assert few.mean.shape == (68, 3)
    parameters = torch.randn(2, 16) * 0.1 + torch.tensor([1.0, 0, 0, 0, -1, 0] + [0.0] * 10)
    a, b = whole.posed(parameters), few.posed(parameters)
    assert a["ibug68-3d"] == pytest.approx(b["ibug68-3d"], abs=1e-4)
    assert "vertices" not in b


def test_vertices_start_as_the_mean_face_upright_in_the_crop():
    given = model()
    head = Vertices(site(size=64, schemes=("ibug68-3d",)), model=given)
    out = head([], torch.zeros(1, 5))
    scale = 64 / 1.25 / 20  # x from -10 to 10, y from -5 or so to 6
    low = given.mean[12:, 1].min()
    expected = given.mean * [scale, -scale, -scale] + [32, 32 + scale * (low + 6) / 2, 0]
    assert out["vertices"][0].detach() == pytest.approx(expected, abs=1e-3)
    assert out["ibug68-3d"][0].detach() == pytest.approx(expected[::-1][:68], abs=1e-3)


def test_points_lie_on_the_triangles_of_predicted_vertices():
    head = Vertices(site(size=64, schemes=("mesh478",)))
    out = head([], torch.zeros(1, 5))
    expected = face_model().points("mesh478", out["vertices"][0].detach().numpy())
    assert out["vertices"].shape == (1, 2309, 3)
    assert out["mesh478"][0].detach() == pytest.approx(expected, abs=1e-3)


def test_looks_turn_the_eyes_of_the_linear_head_as_of_the_one_that_ships():
    face = face_model()
    looks = face.weights({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0})
    turned, flat = face.vertices(None, looks), linear(face).vertices(None, looks)
    assert flat == pytest.approx(turned, abs=0.01)
    still = face.mean + np.tensordot(looks, face.expression, 1)
    assert abs(still - turned).max() > 0.3, "centimetres that the eyeballs turn by"


def test_the_head_that_ships_is_the_default_and_another_comes_from_a_file(tmp_path):
    ours = Morphable(site(schemes=("mesh478", "ibug68-3d")), identity=7)
    assert ours.shipped
    assert ours.linear.out_features == 9 + 7 + 51
    assert ours.mean.shape == (478 + 68, 3)
    write_model(tmp_path / "head.npz", model())
    head = Morphable(site(schemes=("ibug68-3d",)), file=str(tmp_path / "head.npz"))
    assert head.linear.out_features == 9 + 4 + 3
    assert not head.shipped
    with pytest.raises(InputError, match="'bauta': no points of ibug68; it has: ibug68-3d"):
        Morphable(site(schemes=("ibug68",)))
    with pytest.raises(ModelError, match="no such file"):
        Vertices(site(schemes=("ibug68-3d",)), file="gone.npz")


def test_a_rotation_of_angles_agrees_with_numpy():
    angles = [[30.0, 20.0, -50.0], [-80.0, 5.0, 100.0]]
    expected = np.stack([from_angles(*row) for row in angles])
    assert rotation_of_angles(torch.tensor(angles)) == pytest.approx(expected, abs=1e-6)
