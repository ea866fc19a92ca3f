"""Photographed people, and rendered ones among them, who cross, leave, return, and scenes that are
cut: who is told by looks beside who is told by overlap alone."""

from __future__ import annotations

from functools import cache

import pytest

from bauta.checks import SourceError
from bauta.data.teachers import data_root
from bauta.synth.crowd_ids import Ids, by_overlap, count_ids, held_out_people
from bauta.synth.crowds import (
    SCENARIOS,
    CrowdFrame,
    Cutout,
    play,
    rendered_person,
)
from bauta.tracker import Tracker

SCENE = {scenario.name: scenario for scenario in SCENARIOS}


@cache
def people() -> tuple[Cutout, ...]:
    """Nine people that no model has seen, from one photograph each, and a rendered one second."""
    try:
        found = held_out_people(data_root(), 9)
    except SourceError:
        pytest.skip("no training data; set BAUTA_DATA")
    return (found[0], rendered_person(101), *found[1:])


@cache
def clip(name: str) -> list[CrowdFrame]:
    return list(play(SCENE[name], list(people())))


def both(name: str, count: int) -> tuple[Ids, Ids]:
    """Ids by looks, and by overlap alone."""
    trackers = [Tracker("nano", count, fit=False) for _ in range(2)]
    return count_ids(clip(name), trackers[0]), count_ids(clip(name), by_overlap(trackers[1]))


def test_a_photographed_and_a_rendered_person_cross():
    hidden = [1 not in frame.boxes for frame in clip("cross")]
    assert sum(hidden) > 10
    looks, overlap = both("cross", 2)
    assert (looks.changed, looks.taken) == (0, 0)
    assert looks.found > 0.85
    assert overlap.changed + overlap.taken > 0, "else the scene shows nothing"


def test_who_leaves_and_returns_keeps_the_id():
    looks, overlap = both("leave and return", 2)
    assert (looks.changed, looks.taken) == (0, 0)
    assert looks.found > 0.9
    assert overlap.changed + overlap.taken > 0


def test_after_a_cut_nobody_has_the_id_of_who_was_there():
    looks, overlap = both("cut and back", 4)
    assert (looks.changed, looks.taken) == (0, 0)
    assert looks.found > 0.9
    assert overlap.changed + overlap.taken > 0


def test_ten_faces_that_cross_all_the_time_keep_more_ids_than_by_overlap():
    looks, overlap = both("ten", 10)
    assert looks.changed + looks.taken < overlap.changed + overlap.taken
    assert looks.found > 0.8
