"""Trunk, code and heads put together from a recipe."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.train.config import from_table, to_table
from bauta.train.networks.heads import HEADS
from bauta.train.networks.network import Code, CodeConfig, LandmarkNetwork, NetworkConfig

SMALL = {"trunk": {"name": "residual", "stem": 4, "widths": [8], "depths": [1]}, "size": 32}


def make(**changes) -> LandmarkNetwork:
    torch.manual_seed(0)
    return LandmarkNetwork(from_table(NetworkConfig, SMALL | changes, "network")).eval()


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({"trunk": {"name": "vgg"}}, "trunk: name: unknown 'vgg'"),
        ({"trunk": {"name": "residual", "depth": 3}}, "no setting 'depth'; its settings: stem"),
        ({"schemes": ["ibug69"]}, "scheme: unknown 'ibug69'"),
        ({"schemes": []}, "at least one"),
        ({"heads": {"presence": {}}}, "exactly one that predicts points"),
        ({"heads": {"coordinates": {}, "heatmap": {}}}, "got coordinates, heatmap"),
        ({"heads": {"coordinates": {}, "nose": {}}}, "heads: unknown 'nose'"),
        ({"heads": {"heatmap": {"sharp": 1}}}, "heads.heatmap: no setting 'sharp'"),
        ({"heads": {"morphable": {}, "pose": {}}}, "leave pose out"),
        ({"code": {"pool": "max"}}, "code: pool: unknown 'max'"),
        ({"nodes": 3}, "unknown key 'nodes'"),
    ],
)
def test_what_a_recipe_cannot_mean_is_refused(table, match):
    with pytest.raises(InputError, match=match):
        from_table(NetworkConfig, table, "my.toml: [network]")


def test_settings_come_back_from_their_table():
    config = NetworkConfig(code=CodeConfig("average", 8, 0, True), schemes=("wflw98",))
    assert from_table(NetworkConfig, to_table(config), "x") == config


def test_what_comes_out_is_named_after_schemes_and_heads():
    net = make(
        schemes=["ibug68", "mesh478"],
        heads={
            "coordinates": {},
            "uncertainty": {},
            "presence": {},
            "pose": {},
            "attributes": {"classes": {"smile": 1, "pose_class": 5}},
        },
    )
    out = net(torch.zeros(2, 3, 32, 32))
    assert {key: tuple(value.shape) for key, value in out.items()} == {
        "ibug68": (2, 68, 2),
        "mesh478": (2, 478, 3),
        "ibug68_log_sigma": (2, 68),
        "mesh478_log_sigma": (2, 478),
        "presence": (2,),
        "pose": (2, 3),
        "attribute_smile": (2,),
        "attribute_pose_class": (2, 5),
    }


def test_features_are_the_maps_after_the_blocks():
    net = make()
    x = torch.randn(1, 3, 32, 32)
    out = net(x, features=True)
    maps = net.trunk.features(x)
    assert [key for key in out if key.startswith("feature_")] == ["feature_0", "feature_1"]
    assert torch.equal(out["feature_1"], maps[1])
    assert "feature_0" not in net(x)


def test_a_flattened_code_keeps_position_and_an_average_does_not():
    left, right = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    left[..., 1, 0] = right[..., 1, 3] = 1.0
    torch.manual_seed(0)
    flat = Code(2, 4, CodeConfig("flatten", 0, 0))
    average = Code(2, 4, CodeConfig("average", 0, 0))
    assert (flat.numbers, average.numbers) == (32, 2)
    assert not torch.equal(flat(left), flat(right))
    assert average(left).tolist() == [[1 / 16, 1 / 16]]


def test_a_linear_code_may_be_negative():
    x = torch.randn(16, 2, 4, 4)
    torch.manual_seed(0)
    assert Code(2, 4, CodeConfig(numbers=8))(x).min() == 0
    assert Code(2, 4, CodeConfig(numbers=8, linear=True))(x).min() < 0


def test_a_network_starts_at_its_labels():
    rng = np.random.default_rng(0)
    labels = {"ibug68": 16 + rng.normal(size=(30, 68, 2))}
    net = make()
    net.start_from(labels)
    with torch.no_grad():
        out = net(torch.zeros(1, 3, 32, 32))
    assert out["ibug68"][0].numpy() == pytest.approx(labels["ibug68"].mean(0), abs=1.0)
    assert out["ibug68_log_sigma"].numpy() == pytest.approx(1.0, abs=0.2)


def test_positions_keep_32_bits_where_convolutions_have_16():
    net = make()
    x = torch.randn(2, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(x, features=True)
    assert out["feature_1"].dtype == torch.bfloat16
    assert {out[key].dtype for key in ("ibug68", "ibug68_log_sigma", "presence")} == {torch.float32}


def test_an_hourglass_is_told_as_many_maps_as_there_are_points():
    net = make(
        trunk={"name": "hourglass-student", "channels": 8, "depth": 1},
        schemes=["celeba5", "bioid20"],
        heads={"heatmap": {}},
    )
    assert net.trunk.maps == 25
    out = net(torch.zeros(1, 3, 32, 32))
    assert out["celeba5_heat_stack0"].shape == (1, 5, 8, 8)
    assert out["bioid20_heat"].shape == (1, 20, 8, 8)
    assert net.code is None


def test_every_parameter_learns():
    """Nothing is built that no output depends on."""
    net = make(
        heads={"coordinates": {}, "uncertainty": {"numbers": 4}, "presence": {}},
        code={"neck": 4, "numbers": 8},
    ).train()
    out = net(torch.randn(4, 3, 32, 32))
    torch.stack([value.square().sum() for value in out.values()]).sum().backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def test_heads_say_whether_they_predict_points():
    assert {name for name, head in HEADS.items() if head.points} == {
        "basis",
        "coordinates",
        "heatmap",
        "morphable",
        "vertices",
    }
