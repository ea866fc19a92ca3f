"""Every recipe that ships is known to the last key."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.train.config import Recipe, read_recipe, to_table, write_recipe
from bauta.train.settings import TrainSettings
from bauta.train.tasks import TASKS, resolve

RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_resolves_and_its_resolved_form_says_the_same(path, tmp_path):
    recipe = read_recipe(path)
    settings = resolve(recipe)
    assert isinstance(settings.train, TrainSettings)
    write_recipe(tmp_path / "recipe.toml", recipe.task, settings)
    again = read_recipe(tmp_path / "recipe.toml")
    assert again.task == recipe.task
    assert to_table(resolve(again)) == to_table(settings)


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"x.toml: unknown task 'landmark'; one of .*detector"):
        resolve(Recipe("landmark", {}, "x.toml"))


@pytest.mark.parametrize("name", TASKS)
def test_every_task_refuses_a_key_that_it_does_not_know(name):
    with pytest.raises(InputError, match=r"x.toml: train: unknown key 'rte'"):
        resolve(Recipe(name, {"train": {"rte": 1}}, "x.toml"))
