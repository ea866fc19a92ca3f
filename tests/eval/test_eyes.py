import numpy as np
import pytest

from bauta.eval import eyes


def gaps(blinks: dict[int, float], frames: int = 300, wide: float = 0.3) -> np.ndarray:
    """Lid gaps (T,): open but for blinks three frames long, deepest in the middle."""
    gap = np.full(frames, wide)
    for frame, depth in blinks.items():
        gap[frame - 1 : frame + 2] = [0.5 * wide, depth, 0.45 * wide]
    return gap


def test_lid_gap_of_68_points():
    points = np.zeros((1, 68, 2))
    for start, height in ((36, 3.0), (42, 6.0)):  # eyes 30 wide
        points[0, start : start + 6] = [(0, 0), (10, -height), (20, -height), (30, 0),
                                        (20, height), (10, height)]  # fmt: skip
    assert eyes.lid_gap(points, "ibug68") == pytest.approx([(6 / 30 + 12 / 30) / 2])


def test_closure_is_the_share_of_the_open_gap():
    gap = gaps({100: 0.06})
    assert eyes.closure(gap, 100) == pytest.approx(0.2)
    assert eyes.closure(gap, 10) == pytest.approx(1.0)


def test_the_open_gap_is_the_80th_percentile_nearby():
    gap = np.concatenate([np.full(100, 0.2), np.full(100, 0.4)])
    found = eyes.open_gap(gap, around=20)
    assert found[10] == pytest.approx(0.2)
    assert found[180] == pytest.approx(0.4)
    ramp = np.arange(101.0)
    assert eyes.open_gap(ramp, around=1000)[0] == pytest.approx(80.0)


def test_blinks_are_found_at_their_deepest_frame():
    found = eyes.find_blinks(gaps({50: 0.05, 150: 0.1}))
    assert found[:, 1].tolist() == [50, 150]
    assert found[:, 0].tolist() == [48, 148]
    assert found[:, 2].tolist() == [51, 152]


def test_half_shut_and_long_shut_eyes_are_no_blinks():
    gap = gaps({})
    gap[40:43] = 0.25
    gap[100:140] = 0.05
    assert len(eyes.find_blinks(gap)) == 0


def test_eyes_that_tremble_about_half_open_do_not_blink():
    gap = gaps({200: 0.05})
    gap[40:120] = np.tile([0.14, 0.17], 40)  # 0.47 and 0.57 of the open gap
    gap[80] = 0.1  # and 0.33, from which they open again
    gap[10] = np.nan  # a frame without a face
    assert eyes.find_blinks(gap)[:, 1].tolist() == [200]


def test_f1_of_made_up_events():
    matches = eyes.match_moments(np.array([10, 52, 200]), np.array([12, 50, 90, 300]), tolerance=3)
    assert (matches.hits, matches.found, matches.marked) == (2, 3, 4)
    assert matches.f1 == pytest.approx(4 / 7)
    assert np.isnan(eyes.match_moments(np.zeros(0), np.zeros(0)).f1)


def test_an_event_is_matched_once_and_by_the_nearest():
    assert eyes.match_moments(np.array([10, 11]), np.array([12]), 3).hits == 1
    assert eyes.match_moments(np.array([10, 14]), np.array([11, 12]), 2).hits == 2
    assert eyes.match_moments(np.array([10]), np.array([14]), 3).hits == 0


def test_blinks_that_share_a_fifth_of_their_time_are_one():
    def spans(*pairs: tuple[int, int]) -> np.ndarray:
        return np.array([(a, a, b) for a, b in pairs], int).reshape(-1, 3)

    assert eyes.match_spans(spans((10, 20)), spans((12, 24))).hits == 1  # 8 of 14 frames
    assert eyes.match_spans(spans((10, 20)), spans((18, 28))).hits == 0  # 2 of 18
    twice = eyes.match_spans(spans((10, 14), (15, 20)), spans((10, 20)))
    assert (twice.hits, twice.found, twice.marked) == (1, 2, 1)
    assert eyes.match_spans(spans(), spans((10, 20))).f1 == 0


def test_brow_height_rises_with_the_brows_whatever_the_roll():
    points = np.zeros((2, 68, 2))
    points[:, 36:42], points[:, 42:48] = (0, 50), (100, 50)
    points[:, 17:27] = (50, 30)
    points[1, 17:27] = (50, 20)
    assert eyes.brow_height(points) == pytest.approx([0.2, 0.3])
    turned = np.stack([-points[..., 1], points[..., 0]], axis=-1)  # a quarter turn
    assert eyes.brow_height(turned) == pytest.approx([0.2, 0.3])


def test_movement_tells_amplitude_from_correlation():
    truth = np.sin(np.arange(50) / 3)
    half = eyes.movement(0.5 * truth + 2, truth)
    assert half.correlation == pytest.approx(1.0)
    assert half.kept == pytest.approx(0.5)
    against = eyes.movement(-truth, truth)
    assert against.correlation == pytest.approx(-1.0)
    assert eyes.movement(np.zeros(50), truth).kept == 0.0
