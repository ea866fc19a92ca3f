"""The file that is exported says what the network says."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

from bauta.crop import Roi
from bauta.engine.session import Session
from bauta.regress.landmarks import LandmarkRegressor
from bauta.train import export
from bauta.train.networks.landmarks import COUNTS, LandmarkNet, LandmarkNetConfig

CONFIG = LandmarkNetConfig(size=64, stem=8, widths=(8, 16), depths=(1, 2), neck=8, code=16)


def make_net() -> LandmarkNet:
    torch.manual_seed(0)
    net = LandmarkNet(CONFIG)
    rng = np.random.default_rng(0)
    net.set_means({k: rng.uniform(10, 50, s).astype(np.float32) for k, s in COUNTS.items()})
    net(torch.randn(8, 3, 64, 64))  # moves the running statistics away from their start
    return net.eval()


@pytest.mark.parametrize(("bits", "tolerance"), [(16, 0.05), (8, 0.5)])
def test_torch_and_onnx_agree_to_a_fraction_of_a_pixel(bits, tolerance):
    net = make_net()
    crop = torch.randint(0, 255, (3, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = net(crop.permute(0, 3, 1, 2).float() / 127.5 - 1)
    session = Session(export.export_landmarks(net, "toy", "1", bits))
    out = session.run({"crop": crop.numpy()})
    assert out["ibug68"] == pytest.approx(expected["points68"].numpy(), abs=tolerance)
    assert out["mesh"][..., :2] == pytest.approx(expected["mesh"][..., :2].numpy(), abs=tolerance)
    assert out["mesh"][..., 2].mean(1) == pytest.approx(np.zeros(3), abs=1e-3)
    sigma = expected["mesh_log_sigma"].exp().numpy() * 0.64
    assert out["mesh_sigma"] == pytest.approx(sigma, rel=0.05)


def test_eight_bits_are_half_of_sixteen():
    sizes = [len(export.export_landmarks(make_net(), "toy", "1", bits)) for bits in (8, 16)]
    assert sizes[0] < 0.7 * sizes[1]


def test_the_file_is_a_regressor(tmp_path):
    data = export.export_landmarks(make_net(), "toy", "1")
    regressor = LandmarkRegressor(Session(data))
    assert regressor.size == 64
    image = np.zeros((100, 100, 3), np.uint8)
    prediction = regressor(image, Roi(np.array([50.0, 50.0]), 80.0, 0.0))
    assert prediction.points["ibug68-3d"].shape == (68, 3)


def test_the_card_carries_hash_and_size(tmp_path):
    import hashlib

    data = export.export_landmarks(make_net(), "toy", "1")
    export.write_model(tmp_path, {"name": "toy"}, data)
    card = json.loads((tmp_path / "toy.json").read_text())
    assert card["bytes"] == (tmp_path / "toy.onnx").stat().st_size
    assert card["sha256"] == hashlib.sha256(data).hexdigest()
