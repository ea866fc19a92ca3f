"""The router, mirrored sides, and squares around parts; stand-ins for networks find bright dots."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta import schemes
from bauta.checks import InputError
from bauta.crop import Roi
from bauta.data.batch import Batch
from bauta.geometry import affine
from bauta.regress.two_stage import canonical_five
from bauta.train.experts import YawExperts, expert_of, in_range, to_one_side
from bauta.train.parts import PARTS, PartExperts, cut_part, part_points, squares
from bauta.train.recrop import row_generators

SIZE = 64
MIRROR = schemes.get("ibug68").mirror


class Router(torch.nn.Module):
    """Reads the yaw off the first pixel."""

    def forward(self, x):
        yaw = x[:, 0, 0, 0]
        return {"pose": torch.stack([yaw, yaw * 0, yaw * 0], 1)}


class Expert(torch.nn.Module):
    """Point i lies i / 10 pixels right of the brightest pixel; `sign` is its signature."""

    def __init__(self, sign: float) -> None:
        super().__init__()
        self.sign = sign
        self.seen = torch.zeros(0)

    def forward(self, x):
        self.seen = x
        place = x[:, 1].flatten(1).argmax(1)
        xy = torch.stack([place % SIZE + 0.5, place // SIZE + 0.5], 1)
        right = torch.arange(68) * torch.tensor([[0.1], [0.0]])
        points = xy[:, None] + right.T
        doubt = torch.arange(68).float().expand(len(x), -1) + self.sign
        presence = torch.full((len(x),), self.sign)
        return {"ibug68": points, "ibug68_log_sigma": doubt, "presence": presence}


def crops(*yaws: float):
    x = torch.zeros(len(yaws), 3, SIZE, SIZE)
    x[:, 0, 0, 0] = torch.tensor(yaws)
    x[:, 1, 20, 10] = 1  # the dot at (10.5, 20.5)
    return x


def test_ranges_of_yaw():
    yaw = torch.tensor([0.0, -29.9, 30.0, -45.0, 59.0, 60.0, -89.0])
    assert expert_of(yaw).tolist() == [0, 0, 1, 1, 1, 2, 2]
    known = in_range(np.array([0.0, -35, 45, 62, 75, np.nan]), 30, 60, overlap=5)
    assert known.tolist() == [False, True, True, True, False, False]


def test_yaw_of_plus_and_minus_45_goes_to_the_second_expert():
    experts = [Expert(10.0), Expert(20.0), Expert(30.0)]
    out = YawExperts(Router(), experts)(crops(45.0, -45.0, 5.0, -5.0, -80.0))
    assert out["presence"].tolist() == [20, 20, 10, 10, 30]
    assert out["pose"][:, 0].tolist() == [45, -45, 5, -5, -80]


def test_only_the_other_side_is_mirrored_and_mirrored_back():
    experts = [Expert(10.0), Expert(20.0), Expert(30.0)]
    out = YawExperts(Router(), experts)(crops(45.0, -45.0, -5.0))
    seen = experts[1].seen[:, 1].flatten(1).argmax(1) % SIZE
    assert seen.tolist() == [10, SIZE - 1 - 10, 10]  # -45 is shown mirrored, -5 is not
    plain = 10.5 + 0.1 * torch.arange(68)
    assert out["ibug68"][0, :, 0] == pytest.approx(plain)
    assert out["ibug68"][2, :, 0] == pytest.approx(plain)
    # the mirrored dot lies at 53.5; point i of the picture is point mirror[i] of its mirror image
    back = SIZE - (SIZE - 10.5 + 0.1 * torch.from_numpy(MIRROR))
    assert out["ibug68"][1, :, 0] == pytest.approx(back)
    assert out["ibug68_log_sigma"][1] == pytest.approx(torch.from_numpy(MIRROR).float() + 20)
    assert out["ibug68"][..., 1] == pytest.approx(torch.full((3, 68), 20.5))


def test_as_many_experts_as_ranges():
    with pytest.raises(InputError, match="3 ranges, got 2"):
        YawExperts(Router(), [Expert(0.0), Expert(1.0)])


def face_batch(rows: int = 2, roll: float = 0.3) -> Batch:
    """Crops in which the eyes and corners of the mouth of a turned canonical face are dots."""
    maps = affine.invert(Roi(np.array([32.0, 30]), 60.0, -roll).transform(SIZE))
    five = affine.apply(affine.invert(maps), canonical_five() * SIZE)
    points = np.tile(np.float32(five[2]), (rows, 68, 1))
    points[:, 36:42], points[:, 42:48] = five[0], five[1]
    points[:, 48], points[:, 54] = five[3], five[4]
    points[:, 36, 0] -= 2
    points[:, 39, 0] += 2  # corners of the right eye
    images = np.zeros((rows, SIZE, SIZE, 3), np.uint8)
    pose = np.tile(np.array([[-40.0, 0, np.degrees(roll)]], np.float32), (rows, 1))
    weights = {"ibug68": np.ones((rows, 68), np.float32)}
    return Batch(images, {"ibug68": points}, weights, pose=pose)


def test_one_side_only():
    batch = to_one_side(face_batch())
    assert (batch.pose[:, 0] == 40).all()
    assert batch.points["ibug68"][0, 45] == pytest.approx(
        [SIZE - face_batch().points["ibug68"][0, 36, 0], face_batch().points["ibug68"][0, 36, 1]]
    )


def test_squares_lie_on_their_parts_and_turn_with_the_face():
    batch = face_batch(1, roll=0.3)
    points = torch.from_numpy(batch.points["ibug68"])
    middle, side, angle = squares(points, "ibug68", "mouth")
    assert middle[0].tolist() == pytest.approx(points[0, [48, 54]].mean(0).tolist())
    assert angle.item() == pytest.approx(0.3, abs=0.02)
    eyes, mouth = (points[0, i].mean(0) for i in ([38, 42], [48, 54]))
    scale = max((points[0, 42] - points[0, 38]).norm().item(), (eyes - mouth).norm().item())
    assert side.item() == pytest.approx(PARTS["mouth"].side * scale, rel=1e-3)
    middle, side, angle = squares(points, "ibug68", "eye")
    up = (middle - points[:, 42]) / side
    assert up[0].tolist() == pytest.approx(
        [0.12 / 1.1 * np.sin(0.3), -0.12 / 1.1 * np.cos(0.3)], abs=0.01
    )


def test_a_profile_keeps_the_size_of_its_squares():
    """Eyes behind each other: the way from eyes to mouth still tells scale and angle."""
    points = torch.zeros(1, 68, 2)
    points[:, 36:48] = torch.tensor([30.0, 20.0])
    points[:, [48, 54]] = torch.tensor([30.0, 50.0])
    _, side, angle = squares(points, "ibug68", "mouth")
    assert side.item() == pytest.approx(1.3 * 30)
    assert angle.item() == pytest.approx(0, abs=1e-6)


def test_cut_parts_show_their_points_and_no_others_count():
    batch = cut_part(face_batch(8), "ibug68", "eye", 32, row_generators(0, 0, 8), jitter=0.02)
    own = part_points("eye", "ibug68")
    assert own.tolist() == [*range(22, 27), *range(42, 48)]
    assert batch.images.shape == (8, 32, 32, 3)
    eye = batch.points["ibug68"][:, 42:48]
    assert ((eye > 8) & (eye < 24)).all()
    assert (batch.weights["ibug68"][:, own] == 1).all()
    assert batch.weights["ibug68"].sum() == 8 * len(own)
    assert set(np.sign(batch.pose[:, 0])) == {-1, 1}  # the right eye is seen mirrored


def test_pupils_of_a_part_are_the_left_ones():
    assert 97 in part_points("eye", "wflw98")
    assert 96 not in part_points("eye", "wflw98")
    assert {473, 477} <= set(part_points("eye", "mesh478").tolist())
    assert 468 not in part_points("eye", "mesh478")


class Whole(torch.nn.Module):
    """Says the same face for every crop."""

    def __init__(self, points) -> None:
        super().__init__()
        self.points = points

    def forward(self, x):
        count = len(x)
        return {
            "ibug68": self.points.expand(count, -1, -1),
            "ibug68_log_sigma": torch.zeros(count, 68),
        }


class Dot(torch.nn.Module):
    """Every point is the centre of the light."""

    def forward(self, x):
        light = (x[:, 0] + 1).clamp_min(0)
        n = light.shape[-1]
        steps = torch.arange(n) + 0.5
        total = light.sum((1, 2))
        xy = torch.stack([(light.sum(1) * steps).sum(1), (light.sum(2) * steps).sum(1)], 1)
        points = (xy / total[:, None])[:, None].expand(-1, 68, -1)
        return {"ibug68": points, "ibug68_log_sigma": torch.full((len(x), 68), 1.0)}


def test_parts_are_found_where_they_are_in_the_whole_crop():
    """The whole-face network is off; the experts see the true dots in the squares it gives them."""
    truth = torch.from_numpy(face_batch(1, roll=0.3).points["ibug68"])
    off = truth + torch.tensor([1.5, -1.0])
    x = torch.full((1, 3, 2 * SIZE, 2 * SIZE), -1.0)
    y0, x0 = torch.meshgrid(
        torch.arange(2 * SIZE) + 0.5, torch.arange(2 * SIZE) + 0.5, indexing="ij"
    )
    dots = {"right": truth[0, 37], "left": truth[0, 42], "mouth": truth[0, [48, 54]].mean(0)}
    for dot in dots.values():
        near = torch.exp(-((x0 - 2 * dot[0]) ** 2 + (y0 - 2 * dot[1]) ** 2) / 6)
        x[0] += 2 * near
    experts = {"eye": Dot(), "mouth": Dot()}
    network = PartExperts(Whole(off), experts, "ibug68", {"base": SIZE, "eye": 40, "mouth": 40})
    out = network(x)
    points = out["ibug68"][0]
    assert points[44].tolist() == pytest.approx((2 * dots["left"]).tolist(), abs=0.3)
    assert points[40].tolist() == pytest.approx((2 * dots["right"]).tolist(), abs=0.3)
    assert points[62].tolist() == pytest.approx((2 * dots["mouth"]).tolist(), abs=0.3)
    assert points[30].tolist() == pytest.approx((2 * off[0, 30]).tolist())
    _, side, _ = squares(2 * off, "ibug68", "mouth")
    expected = 1.0 + np.log(side.item() / (2 * SIZE))
    assert out["ibug68_log_sigma"][0, 62].item() == pytest.approx(expected, abs=1e-4)
    assert out["ibug68_log_sigma"][0, 30].item() == 0
