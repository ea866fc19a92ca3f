import numpy as np
import pytest

from bauta.associate import MEMORY, Identities, Lost, duplicates, new_boxes

BOX = np.array([100.0, 100.0, 200.0, 200.0])


def lost(id: int = 0, velocity: tuple[float, float] = (0, 0), time: float = 0.0) -> Lost:
    return Lost(id, BOX, np.array(velocity, float), time)


def test_ids_count_from_zero():
    identities = Identities()
    assert [identities.claim(BOX, 0.0) for _ in range(3)] == [0, 1, 2]


def test_a_face_that_returns_where_it_was_keeps_its_id():
    identities = Identities()
    identities.claim(BOX, 0.0)
    identities.lose(lost())
    assert identities.claim(BOX + 10, 0.5) == 0


def test_it_is_given_back_once():
    identities = Identities()
    identities.claim(BOX, 0.0)
    identities.lose(lost())
    assert [identities.claim(BOX, 0.1), identities.claim(BOX, 0.1)] == [0, 1]


def test_memory_ends():
    identities = Identities()
    identities.claim(BOX, 0.0)
    identities.lose(lost())
    assert identities.claim(BOX, MEMORY + 0.1) == 1


def test_a_moving_face_is_expected_further_on():
    identities = Identities()
    identities.claim(BOX, 0.0)
    identities.lose(lost(velocity=(400, 0)))
    assert identities.claim(BOX + np.array([100, 0, 100, 0]), 0.5) == 0


def test_somebody_elsewhere_is_somebody_else():
    identities = Identities()
    identities.claim(BOX, 0.0)
    identities.lose(lost())
    assert identities.claim(BOX + 300, 0.1) == 1


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


def test_of_two_tracks_on_one_face_the_later_goes():
    assert duplicates(np.stack([BOX, BOX + 300, BOX + 4])) == [2]
