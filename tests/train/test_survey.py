"""What networks cost, counted by hand."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

from bauta.train.networks.network import LandmarkNetwork
from bauta.train.networks.trunks import NETWORKS
from bauta.train.survey import cost_of, count_macs, standard_network


def test_multiply_adds_of_a_convolution():
    """Eight by eight outputs of 6 channels, each from 3 x 3 of 4 channels: 64 * 6 * 36."""
    assert count_macs(torch.nn.Conv2d(4, 6, 3, 2, 1), torch.zeros(1, 4, 16, 16)) == 64 * 6 * 36


def test_groups_divide_the_work():
    depthwise = torch.nn.Conv2d(8, 8, 3, padding=1, groups=8)
    assert count_macs(depthwise, torch.zeros(1, 8, 10, 10)) == 100 * 8 * 9


def test_multiply_adds_of_layers_that_are_called_twice_count_twice():
    layer = torch.nn.Linear(5, 7)
    first = torch.nn.Linear(3, 5)
    assert count_macs(torch.nn.Sequential(first, layer), torch.zeros(2, 3)) == 2 * (15 + 35)
    same = torch.nn.Linear(4, 4)
    assert count_macs(torch.nn.Sequential(same, same), torch.zeros(1, 4)) == 32


def test_mobilenet_v2_is_three_hundred_million_multiply_adds_at_224():
    """Table 4 of Sandler et al. 2018: 300 M with the classifier's 1.28 M."""
    trunk = NETWORKS["mobilenet2"]()
    macs = count_macs(trunk, torch.zeros(1, 3, 224, 224)) + 1280 * 1000
    assert macs == pytest.approx(300e6, rel=0.01)


def test_shufflenet_v2_is_146_million_multiply_adds_at_224():
    """Table 8 of Ma et al. 2018: 1x 146 M."""
    trunk = NETWORKS["shufflenet-1"]()
    macs = count_macs(trunk, torch.zeros(1, 3, 224, 224)) + 1024 * 1000
    assert macs == pytest.approx(146e6, rel=0.015)


def test_the_purpose_built_network_is_under_200_kilobytes_with_its_head():
    cost = cost_of("separable", standard_network("separable"))
    assert cost.bytes < 200_000
    assert cost.milliseconds > 0
    network = LandmarkNetwork(standard_network("separable"))
    assert cost.parameters == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_standard_head(name):
    assert standard_network(name).schemes == ("ibug68",)
