"""Rendered people who cross, leave, return, and scenes that are cut: nobody changes their id."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bauta.appearance import KEPT, SAME, STRANGE, Looks, describe
from bauta.crop import roi_of_box
from bauta.cuts import Cuts
from bauta.regress.landmarks import cut
from bauta.synth.crowds import (
    RATE,
    SCENARIOS,
    CrowdFrame,
    Cutout,
    Scenario,
    background,
    play,
    rendered_person,
    switches,
)
from bauta.tracker import Tracker

SCENE = {scenario.name: scenario for scenario in SCENARIOS}


@cache
def person(number: int) -> Cutout:
    return rendered_person(100 + number)


@cache
def frames(name: str, count: int) -> list[CrowdFrame]:
    return list(play(SCENE[name], [person(number) for number in range(count)]))


def ids(name: str, count: int, model: str = "nano") -> tuple[int, int, float]:
    tracker = Tracker(model, count, fit=False)
    answers = [
        (frame, {face.id: face.box for face in tracker(frame.image, frame.time)})
        for frame in frames(name, count)
    ]
    return switches(answers)


def test_two_cross_and_the_hidden_one_is_found_again_as_who_it_was():
    """The far one is hidden for longer than ten frames."""
    hidden = [1 not in frame.boxes for frame in frames("cross", 2)]
    assert sum(hidden) > 10
    changed, taken, found = ids("cross", 2)
    assert (changed, taken) == (0, 0)
    assert found > 0.85


def test_who_returns_within_five_seconds_keeps_the_id():
    changed, taken, found = ids("leave and return", 2)
    assert (changed, taken) == (0, 0)
    assert found > 0.9


@pytest.mark.parametrize("number", range(3))
def test_a_quick_face_keeps_its_id(number):
    """It moves by a sixth of its size a frame, to and fro: what it looks like is read where it is,
    not where it was expected."""
    way = {0: lambda t: (60 + 520 * abs((0.43 * t + 1) % 2 - 1), 180.0, 52.0)}
    tracker = Tracker("nano", 2, fit=False)
    clip = play(Scenario("quick", 5.0, way), [person(number)])
    seen = [{face.id for face in tracker(frame.image, frame.time)} for frame in clip]
    assert set().union(*seen) == {0}
    assert np.mean([len(ids) for ids in seen]) > 0.95


def test_a_cut_leaves_nothing_of_the_old_scene_and_back_brings_everybody_back():
    changed, taken, found = ids("cut and back", 4)
    assert (changed, taken) == (0, 0)
    assert found > 0.95


def test_no_trace_of_the_old_face_is_in_the_filter_after_a_cut():
    tracker, fresh = Tracker("nano", 2, fit=False), Tracker("nano", 2, fit=False)
    clip, at = frames("cut and back", 4), round(2 * RATE)
    for frame in clip[at - 20 : at]:
        tracker(frame.image, frame.time)
    after = tracker(clip[at].image, clip[at].time)
    alone = fresh(clip[at].image, clip[at].time)
    for new, old in zip(after, alone, strict=True):
        assert new.mesh == pytest.approx(old.mesh, abs=1e-3)
    assert {face.id for face in after} == {2, 3}


def look(number: int, shift: float = 0.0, light: float = 1.0, colour: bool = True) -> np.ndarray:
    one = person(number)
    seen = one.image if colour else np.repeat(one.image[..., 1:2], 3, 2)
    image = np.clip(seen * light, 0, 255).astype(np.uint8)
    roi = roi_of_box(one.box)
    return describe(cut(image, replace(roi, center=roi.center + shift), 112))


def test_people_look_like_themselves_in_other_light_and_a_little_off():
    for number in range(3):
        known = Looks()
        known.add(look(number))
        assert known.distance(look(number, 3.0, 0.7)) < SAME
        others = [known.distance(look(other)) for other in range(3) if other != number]
        assert min(others) > STRANGE


def test_people_in_grey_pictures_are_as_far_apart_as_in_colour():
    def away(colour: bool) -> list[float]:
        looks = [look(number, colour=colour) for number in range(6)]
        pairs = [(a, b) for i, a in enumerate(looks) for b in looks[:i]]
        return [float(np.linalg.norm(a - b)) for a, b in pairs]

    assert np.mean(away(False)) > 0.97 * np.mean(away(True))
    assert min(away(False)) > SAME
    known = Looks()
    known.add(look(0, colour=False))
    assert known.distance(look(0, 3.0, 0.7, colour=False)) < SAME


def test_looks_are_few_and_an_old_one_makes_room():
    known = Looks()
    for number in range(KEPT + 3):
        known.add(np.eye(20, dtype=np.float32)[number])
    assert len(known) == KEPT
    assert known.distance(np.eye(20, dtype=np.float32)[0]) > 1
    assert Looks().distance(look(0)) == np.inf


def test_a_cut_is_seen_and_motion_noise_and_another_exposure_are_not():
    def frame(room: int, shift: int = 0, light: float = 1.0) -> np.ndarray:
        noise = np.random.default_rng(shift).normal(0, 8, (360, 640, 3))
        moved = np.roll(background(room), shift, axis=1)
        return np.clip(moved * light + noise, 0, 255).astype(np.uint8)

    cuts = Cuts()
    assert not cuts(frame(0))
    assert not cuts(frame(0, 6))
    assert not cuts(frame(0, 12, 0.93))
    assert cuts(frame(1, 12))
    assert not cuts(frame(1, 14))
    assert cuts(frame(1, 14)[:200]), "another size of picture"


def test_one_box_is_one_person_and_the_nearest_one():
    box, close = np.array([0.0, 0, 10, 10]), np.array([3.0, 0, 13, 10])
    frame = CrowdFrame(0.0, np.zeros((4, 4, 3), np.uint8), {0: close, 1: box})
    assert switches([(frame, {0: box})] * 2) == (0, 0, 0.5)


def test_switches_are_counted():
    """By hand: person 0 changes its id once, and takes person 1's."""
    box, other = np.array([0.0, 0, 10, 10]), np.array([50.0, 0, 60, 10])
    image = np.zeros((4, 4, 3), np.uint8)
    told = [CrowdFrame(t, image, {0: box, 1: other}) for t in (0.0, 1.0, 2.0)]
    answers = [(told[0], {0: box, 1: other}), (told[1], {0: box}), (told[2], {1: box})]
    assert switches(answers) == (1, 1, 4 / 6)
