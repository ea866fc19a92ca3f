"""Trunks: the published networks by their parameter counts, the blocks by their arithmetic."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.train.networks.hourglass import StackedHourglass
from bauta.train.networks.layers import SqueezeExcite, divisible
from bauta.train.networks.residual import Residual
from bauta.train.networks.se_resnet import Bottleneck
from bauta.train.networks.shufflenet import Unit, shuffle
from bauta.train.networks.trunks import NETWORKS

PUBLISHED = {
    "shufflenet-0.5": 1_366_792 - 1024 * 1000 - 1000,
    "shufflenet-1": 2_278_604 - 1024 * 1000 - 1000,
    "shufflenet-1.5": 3_503_624 - 1024 * 1000 - 1000,
    "shufflenet-2": 7_393_996 - 2048 * 1000 - 1000,
    "mobilenet2": 3_504_872 - 1280 * 1000 - 1000,
    "mobilenet3-large": 5_483_032 - (960 + 1) * 1280 - (1280 + 1) * 1000,
    "mobilenet3-small": 2_542_856 - (576 + 1) * 1024 - (1024 + 1) * 1000,
    "squeezenet": 1_235_496 - (512 + 1) * 1000,
    "se-resnet50": 28_088_024 - 2048 * 1000 - 1000,
}
"""Parameters that torchvision states for the whole network (timm for SE-ResNet-50), less those of
its classifier of 1000 classes, which a trunk does not have."""


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_of_the_published_network(name):
    assert count(NETWORKS[name]()) == PUBLISHED[name]


def test_se_inception_is_batch_normalised_inception_and_its_recalibrations():
    """11,295,240 for BN-Inception (figure 5 of its paper) with biases before the normalisations and
    a classifier; 10,016 channels are normalised. Ten squeeze-excites of ratio 16."""
    plain = 11_295_240 - 1024 * 1000 - 1000 - 10_016
    widths = (256, 320, 576, 576, 576, 608, 608, 1056, 1024, 1024)
    excites = sum(2 * c * (c // 16) + c + c // 16 for c in widths)
    assert count(NETWORKS["se-inception"]()) == plain + excites


@pytest.mark.parametrize("name", NETWORKS)
def test_a_trunk_keeps_its_promises(name):
    """Channels and stride are as stated, and the last of the features is the output."""
    torch.manual_seed(0)
    trunk = NETWORKS[name]().eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        out, features = trunk(x), trunk.features(x)
    last = out[-1] if isinstance(out, list) else out
    assert last.shape == (1, trunk.channels, 64 // trunk.stride, 64 // trunk.stride)
    assert torch.equal(features[-1], last)
    assert len(features) > 1


@pytest.mark.parametrize("name", ["residual", "separable", "shufflenet-0.5", "squeezenet"])
def test_odd_maps_are_rounded_up(name):
    trunk = NETWORKS[name]().eval()
    side = -(-72 // trunk.stride)
    assert trunk(torch.zeros(1, 3, 72, 72)).shape[-2:] == (side, side)


def test_a_residual_trunk_counts_by_hand():
    """Stem 3*4*9 + 8; one block 4 -> 6: 4*6*9 + 12, 6*6*9 + 12, shortcut 4*6 + 12."""
    trunk = Residual(stem=4, widths=(6,), depths=(1,))
    assert count(trunk) == (108 + 8) + (216 + 12) + (324 + 12) + (24 + 12)


def test_a_residual_trunk_on_which_pytorch_crashes_is_refused():
    """Few channels on large maps, and only in training; at 64 pixels they learn."""
    trunk = Residual(stem=8, widths=(16, 16), depths=(1, 1))
    with pytest.raises(InputError, match="8 channels on maps of 56 pixels cannot be trained"):
        trunk(torch.zeros(1, 3, 112, 112))
    with torch.no_grad():
        assert trunk(torch.zeros(1, 3, 112, 112)).shape == (1, 16, 14, 14)
    trunk(torch.zeros(1, 3, 64, 64)).sum().backward()
    assert trunk.blocks[0][0].weight.grad is not None


def test_a_shuffle_takes_from_both_halves_in_turn():
    a, b = torch.arange(3.0).view(1, 3, 1, 1), torch.arange(3.0).view(1, 3, 1, 1) + 10
    assert shuffle(a, b).ravel().tolist() == [0, 10, 1, 11, 2, 12]


def test_half_of_the_channels_pass_a_shuffle_unit_untouched():
    unit = Unit(8, 8, 1).eval()
    x = torch.randn(2, 8, 5, 5)
    assert torch.equal(unit(x)[:, 0::2], x[:, :4])


def test_squeeze_excite_by_hand():
    """Means 2 and -1; W1 = (1, 1) gives 1; W2 = (0, 10) gives gates sigmoid(0), sigmoid(10)."""
    module = SqueezeExcite(2, 1)
    with torch.no_grad():
        module.squeeze.weight.copy_(torch.ones(1, 2, 1, 1))
        module.excite.weight.copy_(torch.tensor([0.0, 10.0]).view(2, 1, 1, 1))
        module.squeeze.bias.zero_()
        module.excite.bias.zero_()
    x = torch.tensor([[[[1.0, 3.0]], [[0.0, -2.0]]]])
    out = module(x).ravel().tolist()
    assert out == pytest.approx([0.5, 1.5, 0.0, -2 / (1 + 2.718281828**-10)])


def test_recalibration_comes_before_the_addition():
    """A gate that is shut leaves the shortcut, and one that scales the sum would leave nothing."""
    block = Bottleneck(16, 4, 1, ratio=4).eval()
    with torch.no_grad():
        block.recalibrate.excite.weight.zero_()
        block.recalibrate.excite.bias.fill_(-100.0)
    x = torch.rand(1, 16, 6, 6)
    assert block(x).detach() == pytest.approx(x, abs=1e-6)


@pytest.mark.parametrize(
    ("value", "expected"), [(16, 16), (8.4, 8), (3, 8), (36, 40), (18, 24), (20, 24), (90, 88)]
)
def test_channels_are_divisible_by_eight_and_never_a_tenth_too_few(value, expected):
    assert divisible(value) == expected


def test_an_hourglass_gives_a_map_a_stack_of_64_pixels():
    net = StackedHourglass(stacks=2, channels=16).eval()
    with torch.no_grad():
        maps = net(torch.zeros(1, 3, 256, 256))
    assert [tuple(m.shape) for m in maps] == [(1, 16, 64, 64)] * 2


def test_the_heat_maps_of_a_stack_are_told_to_the_next():
    net = StackedHourglass(stacks=2, channels=16, depth=2, maps=3).eval()
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        zero, one = (
            net(x, lambda stack, m, v=v: torch.full((1, 3, *m.shape[2:]), v)) for v in (0.0, 1.0)
        )
    assert torch.equal(zero[0], one[0])
    assert not torch.allclose(zero[1], one[1])


def test_a_student_is_slimmer():
    assert count(NETWORKS["hourglass-student"]()) < 0.1 * count(NETWORKS["hourglass"]())


def test_a_crop_that_an_hourglass_cannot_halve_is_refused():
    with pytest.raises(InputError, match="multiple of 64"):
        StackedHourglass(stacks=1, channels=8)(torch.zeros(1, 3, 112, 112))


def test_an_unknown_width_is_refused():
    with pytest.raises(InputError, match="width"):
        NETWORKS["shufflenet-1"](width=0.7)
