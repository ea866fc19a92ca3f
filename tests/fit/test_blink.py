import numpy as np
import pytest

from bauta.fit import BlinkDetector


def trace(seconds, rate, blinks=(), level=0.3):
    """(times, openness): eyes at `level`, shut about each (middle, duration) of `blinks`; the
    duration is between half open and half open."""
    times = np.arange(int(seconds * rate)) / rate
    gap = np.full(len(times), level)
    for middle, duration in blinks:
        gap *= np.clip(np.abs(times - middle) / duration, 0.1, 1.0)
    return times, gap


def found(times, gap):
    detector = BlinkDetector()
    events = [detector(float(t), float(g)) for t, g in zip(times, gap, strict=True)]
    return [event for event in events if event]


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
@pytest.mark.parametrize("duration", [0.1, 0.2, 0.3])
def test_every_blink_is_seen_once_and_at_its_time(rate, duration):
    middles = [1.0, 1.9, 3.1, 5.03]
    events = found(*trace(6.0, rate, [(middle, duration) for middle in middles]))
    assert len(events) == 4
    for event, middle in zip(events, middles, strict=True):
        assert abs(event.closed - middle) <= 1.01 / rate
        assert event.start < event.closed < event.end
        assert duration <= event.end - event.start < 2.5 * duration + 2 / rate


def test_eyes_kept_shut_are_no_blink():
    times, gap = trace(6.0, 25)
    gap[(times > 2) & (times < 3.2)] = 0.03
    assert not found(times, gap)


def test_a_slow_closure_is_no_blink():
    times, gap = trace(8.0, 25)
    gap *= np.clip(np.abs(times - 4) / 1.5, 0.1, 1)
    assert not found(times, gap)


def test_a_squint_is_no_blink():
    times, gap = trace(6.0, 25)
    gap[(times > 2) & (times < 2.3)] = 0.2
    assert not found(times, gap)


def test_laughter_is_no_blink():
    """Eyes narrowed to 0.13 for two seconds, trembling."""
    times, gap = trace(8.0, 25)
    laughing = (times > 3) & (times < 5)
    gap[laughing] = 0.13 + 0.02 * np.sin(40 * times[laughing])
    assert not found(times, gap)


def test_a_blink_that_ends_in_narrow_eyes_is_seen_once():
    times, gap = trace(6.0, 25)
    narrow = (times > 2) & (times < 3)
    gap[narrow] = 0.08 + 0.015 * np.sin(40 * times[narrow])
    gap[(times > 2) & (times < 2.1)] = 0.01
    (blink,) = found(times, gap)
    assert blink.closed == pytest.approx(2.04)


def test_eyes_that_open_slowly_blink_once():
    times, gap = trace(6.0, 25)
    gap *= np.where(times < 2, 1, np.clip((times - 2) / 0.6, 0, 1))
    assert len(found(times, gap)) == 1


@pytest.mark.parametrize("level", [0.18, 0.3, 0.42])
def test_narrow_and_wide_eyes_blink_alike(level):
    assert len(found(*trace(4.0, 30, [(2.0, 0.2)], level))) == 1


def test_time_that_goes_back_is_another_clip():
    detector = BlinkDetector()
    times, gap = trace(2.0, 25, [(1.96, 0.2)])
    for t, g in zip(times, gap, strict=True):
        assert detector(float(t), float(g)) is None  # the blink has not ended
    assert detector(0.0, 0.3) is None
    assert detector(0.04, 0.3) is None


@pytest.mark.parametrize("sigma", [0.003, 0.01])
def test_eyes_kept_shut_may_tremble(sigma):
    for seed in range(20):
        times, gap = trace(6.0, 30)
        gap[(times > 2) & (times < 3.2)] = 0.03
        gap += np.random.default_rng(seed).normal(size=len(gap)) * sigma
        assert not found(times, np.abs(gap))


def test_eyes_that_stay_half_shut_have_not_blinked():
    times, gap = trace(6.0, 30)
    gap[60:62] = 0.15, 0.02
    gap[62] = 0.07  # a frame, then they are as shut as before
    gap[63:120] = 0.02
    assert not found(times, gap)


def test_a_flutter_to_two_fifths_is_no_blink():
    times, gap = trace(4.0, 30)
    gap[60] = 0.4 * 0.3
    assert not found(times, gap)


def test_narrow_eyes_blink():
    """Eyes at half of the open level for two seconds, and a blink in their middle."""
    times, gap = trace(6.0, 30)
    gap[90:150] = 0.5 * 0.3
    gap[124:127] = 0.03, 0.01, 0.06
    (blink,) = found(times, gap)
    assert blink.closed == pytest.approx(125 / 30)
    assert blink.start == pytest.approx(123 / 30)


def test_frames_in_which_nothing_is_known_are_passed_over():
    times, gap = trace(6.0, 30, [(2.0, 0.2), (5.5, 0.2)])
    gap[::7] = np.nan
    gap[100:130] = np.nan
    assert len(found(times, gap)) == 2


def test_noise_is_no_blink():
    times, gap = trace(60.0, 30)
    assert not found(times, gap + np.random.default_rng(0).normal(size=len(gap)) * 0.02)
