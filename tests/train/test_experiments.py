from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from bauta.train import config
from bauta.train.experiments import (
    Arm,
    Experiment,
    arm_key,
    read_experiments,
    results_name,
    table,
)
from bauta.train.networks.network import LandmarkNetwork
from bauta.train.probes import MEASURES, Measured, in_two_stages, reduced
from bauta.train.tasks import resolve

FILE = Path(__file__).resolve().parents[2] / "recipes" / "experiments" / "questions.toml"
SEEDS, EXPERIMENTS = read_experiments(FILE)
ARMS = [(e.name, arm) for e in EXPERIMENTS for arm in e.arms]


@pytest.mark.parametrize("arm", [a for _, a in ARMS], ids=[f"{e}-{a.name}" for e, a in ARMS])
def test_every_arm_is_a_recipe_whose_network_can_be_made(arm, monkeypatch):
    monkeypatch.chdir(FILE.parents[2])
    settings = resolve(config.read_recipe(arm.recipe, arm.changes))
    LandmarkNetwork(settings.network)


def test_arms_refer_to_arms_of_their_experiment():
    for experiment in EXPERIMENTS:
        names = [arm.name for arm in experiment.arms]
        assert len(set(names)) == len(names)
        assert all(arm.start in ("", *names) for arm in experiment.arms)
        assert all(arm.coarse in ("", *names) for arm in experiment.arms)


def measured(error: np.ndarray) -> Measured:
    people = np.array([f"p{i // 2}" for i in range(len(error))])
    others = dict.fromkeys(MEASURES, np.ones(len(error))) | {"error": error}
    return Measured(**others, person=people, name=np.arange(len(error)).astype(str))


def test_the_difference_to_the_first_arm_is_paired_over_people():
    rng = np.random.default_rng(0)
    control = rng.uniform(2, 8, 40)
    arms = (Arm("a", Path()), Arm("b", Path()))
    lines = table(
        Experiment("e", "?", arms),
        {"a": [measured(control)] * 2, "b": [measured(control + 0.5)] * 2},
    )
    assert "+0.50 [+0.50, +0.50]" in lines[-2]


def test_reduced_points_are_in_pixels_of_the_larger_crop():
    def brightest(images: np.ndarray) -> np.ndarray:
        flat = images[..., 0].reshape(len(images), -1).argmax(1)
        rows, columns = np.divmod(flat, images.shape[2])
        return np.stack([columns, rows], 1)[:, None] + 0.5

    image = np.zeros((1, 128, 128, 3), np.uint8)
    image[0, 40:44, 80:84] = 255
    assert np.allclose(reduced(brightest, 32)(image)[0, 0], (82, 42))


def test_two_stages_give_points_in_pixels_of_the_first_crop():
    five = np.array([[[50, 60], [90, 60], [70, 80], [55, 100], [85, 100]]], np.float64)
    middle = np.array([[[16.0, 16.0]]])
    points = in_two_stages(lambda _: five, 128, lambda _: middle, 32)
    said = points(np.zeros((1, 128, 128, 3), np.uint8))
    assert np.abs(said[0, 0] - five[0].mean(0)).max() < 8


def test_what_was_measured_behind_another_first_stage_is_not_taken_for_this_one():
    names = {results_name("turned", coarse) for coarse in (None, Path("x/a"), Path("x/b"))}
    assert len(names) == 3


def test_an_arm_is_known_by_what_its_recipe_says_and_what_it_begins_with():
    small = FILE.parent / "small.toml"
    plain, again = (config.read_recipe(small, ["train.seed=1"]) for _ in range(2))
    other = config.read_recipe(small, ["train.seed=2"])
    keys = [arm_key(plain, None), arm_key(other, None), arm_key(plain, Path("runs/a"))]
    assert len(set(keys)) == 3
    assert arm_key(again, None) == keys[0]
    assert arm_key(plain, Path("elsewhere/a")) == keys[2]
