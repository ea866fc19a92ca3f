import numpy as np
import pytest

from bauta.fit.person import SETTLED, SHARE, Person, marginal


def test_a_frame_adds_its_share_of_information():
    person = Person(3)
    person.add(np.ones(3), np.diag([4.0, 0.0, 1.0]), 0.5)
    assert person.precision == pytest.approx(np.eye(3) + SHARE * 0.5 * np.diag([4.0, 0, 1]))
    assert person.mean.tolist() == [1, 1, 1]


def test_a_frame_without_confidence_teaches_nothing():
    person = Person(2)
    person.add(np.zeros(2), 100 * np.eye(2), 0.0)
    assert (person.precision == np.eye(2)).all()


def test_the_person_is_solved_for_often_at_first_and_then_rarely():
    person = Person(2)
    due = []
    for frame in range(400):
        due.append(person.due(frame))
        if due[-1]:
            person.add(np.zeros(2), np.eye(2), 1.0)
    assert all(due[:5])
    assert person.settled
    assert person.frames > SETTLED
    assert 0 < sum(due[-100:]) <= 10


def test_nobody_is_learned_with_eyes_shut_once_there_is_somebody():
    person = Person(2)
    assert person.due(0, awake=False)
    for _ in range(20):
        person.add(np.zeros(2), np.eye(2), 1.0)
    assert person.due(21)
    assert not person.due(21, awake=False)


def test_the_marginal_is_the_inverse_of_the_block_of_the_covariance():
    rng = np.random.default_rng(0)
    J = rng.normal(size=(40, 7))
    A = J.T @ J
    covariance = np.linalg.inv(A)[-3:, -3:]
    assert np.linalg.inv(marginal(A, 3)) == pytest.approx(covariance, rel=1e-5)


def test_what_expression_explains_as_well_says_nothing_of_the_person():
    """Two unknowns that move the points alike: the frame knows their sum only."""
    J = np.array([[1.0, 1.0], [2.0, 2.0]])
    assert abs(marginal(J.T @ J, 1)[0, 0]) < 1e-6
