import numpy as np
import pytest

from bauta.appearance import Looks
from bauta.associate import BRIEF, MEMORY, Found, Identities, Lost, duplicates, new_boxes

BOX = np.array([100.0, 100.0, 200.0, 200.0])


LOOKS = np.eye(8, dtype=np.float32)
"""Looks of people who are all equally unlike each other (distance 1.4)."""


def looks(*people: int) -> Looks:
    known = Looks()
    for person in people:
        known.add(LOOKS[person])
    return known


def lost(
    id: int = 0,
    velocity: tuple[float, float] = (0, 0),
    time: float = 0.0,
    person: int | None = None,
    box: np.ndarray = BOX,
    anywhere: bool = False,
) -> Lost:
    known = Looks() if person is None else looks(person)
    return Lost(id, box, np.array(velocity, float), time, known, anywhere=anywhere)


def claim(identities: Identities, *found: Found, time: float = 0.0) -> list[int]:
    known = identities.known([*found], time)
    return [identities.fresh() if who is None else who.id for who in known]


def after(*faces: Lost) -> Identities:
    """Identities that have lost these, with ids from 0."""
    identities = Identities()
    for face in faces:
        assert identities.fresh() == face.id
        identities.lose(face)
    return identities


def test_ids_count_from_zero():
    assert claim(Identities(), Found(BOX), Found(BOX), Found(BOX)) == [0, 1, 2]


def test_a_face_that_returns_where_it_was_keeps_its_id():
    assert claim(after(lost()), Found(BOX + 10), time=0.5) == [0]


def test_it_is_given_back_once():
    identities = after(lost())
    assert claim(identities, Found(BOX), Found(BOX), time=0.1) == [0, 1]
    assert claim(identities, Found(BOX), time=0.1) == [2]


@pytest.mark.parametrize(("later", "id"), [(MEMORY - 0.1, 0), (MEMORY + 0.1, 1), (-1.0, 1)])
def test_memory_ends_and_does_not_outlive_a_clock_that_goes_back(later, id):
    assert claim(after(lost(person=0)), Found(BOX, LOOKS[0]), time=later) == [id]


def test_a_moving_face_is_expected_further_on():
    found = Found(BOX + np.array([100, 0, 100, 0]))
    assert claim(after(lost(velocity=(400, 0))), found, time=0.5) == [0]


def test_somebody_elsewhere_is_somebody_else():
    assert claim(after(lost()), Found(BOX + 300), time=0.1) == [1]


def test_without_looks_a_place_is_not_enough_for_long():
    assert claim(after(lost()), Found(BOX), time=BRIEF + 0.1) == [1]


def test_looks_bring_back_who_returns_elsewhere():
    found = Found(BOX + np.array([400, 0, 400, 0]), LOOKS[0])
    assert claim(after(lost(person=0)), found, time=3.0) == [0]


def test_nobody_jumps_across_the_picture_at_once():
    found = Found(BOX + np.array([900, 0, 900, 0]), LOOKS[0])
    assert claim(after(lost(person=0)), found, time=0.1) == [1]


def test_a_stranger_in_the_same_place_is_somebody_new():
    assert claim(after(lost(person=0)), Found(BOX, LOOKS[1]), time=0.5) == [1]


def test_of_two_who_are_lost_looks_decide_where_places_say_the_opposite():
    other = BOX + np.array([90, 0, 90, 0])
    identities = after(lost(0, person=0), lost(1, person=1, box=other))
    assert claim(identities, Found(BOX, LOOKS[1]), Found(other, LOOKS[0]), time=0.5) == [1, 0]


def test_after_a_cut_a_place_says_nothing():
    assert claim(after(lost(anywhere=True)), Found(BOX), time=0.04) == [1]
    far = Found(BOX + 900, LOOKS[0])
    assert claim(after(lost(person=0, anywhere=True)), far, time=0.04) == [0]


@pytest.mark.parametrize(
    ("found", "tracked", "expected"),
    [
        (np.zeros((0, 4)), BOX[None], []),
        (BOX[None], np.zeros((0, 4)), [0]),
        (np.stack([BOX, BOX + 500]), BOX[None] + 5, [1]),
    ],
    ids=["none found", "none tracked", "one known, one new"],
)
def test_new_boxes(found, tracked, expected):
    assert list(new_boxes(found, tracked)) == expected


def test_two_tracks_on_one_face_are_a_pair():
    assert duplicates(np.stack([BOX, BOX + 300, BOX + 4])) == [(0, 2)]
