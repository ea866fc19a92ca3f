"""Recipes: what is unknown or of another kind is refused, what is known comes back the same."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from bauta.checks import InputError, SourceError
from bauta.train.config import from_table, read_recipe, to_table, to_toml, write_recipe


@dataclass(frozen=True)
class Inner:
    widths: tuple[int, ...] = (1, 2)
    pair: tuple[float, str] = (0.5, "a")
    kind: Literal["wide", "slim"] = "wide"

    def __post_init__(self) -> None:
        if 0 in self.widths:
            raise InputError("widths must not hold 0")


@dataclass(frozen=True)
class Outer:
    rate: float = 1e-3
    steps: int = 10
    fast: bool = False
    note: str | None = None
    folder: Path = Path("here")
    weights: dict[str, float] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    many: tuple[Inner, ...] = ()


@dataclass(frozen=True)
class Strict:
    name: str


def test_lists_become_tuples_and_whole_numbers_become_floats_where_asked():
    table = {"rate": 2, "inner": {"widths": [3, 4, 5], "pair": [1, "b"]}, "folder": "a/b"}
    got = from_table(Outer, table, "x.toml")
    assert got.rate == 2.0
    assert isinstance(got.rate, float)
    assert got.inner == Inner((3, 4, 5), (1.0, "b"))
    assert got.folder == Path("a/b")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"rte": 1}, r"x.toml: unknown key 'rte'; did you mean 'rate'\? known: rate, steps, "),
        ({"inner": {"depth": 1}}, r"x.toml: inner: unknown key 'depth'; .*known: widths, pair"),
        ({"steps": 1.5}, "x.toml: steps: expected a whole number, got 1.5"),
        ({"steps": True}, "x.toml: steps: expected a whole number, got True"),
        ({"fast": 1}, "x.toml: fast: expected true or false, got 1"),
        ({"rate": "high"}, "x.toml: rate: expected a number, got 'high'"),
        ({"note": 3}, "x.toml: note: expected a text, got 3"),
        ({"weights": {"a": "b"}}, "x.toml: weights.a: expected a number, got 'b'"),
        ({"inner": 3}, "x.toml: inner: expected a table, got 3"),
        ({"inner": {"widths": 3}}, "x.toml: inner: widths: expected a list, got 3"),
        ({"inner": {"widths": ["a"]}}, r"inner: widths\[0\]: expected a whole number, got 'a'"),
        ({"inner": {"pair": [1]}}, "inner: pair: expected 2 values, got 1"),
        ({"inner": {"kind": "tall"}}, "kind: unknown 'tall'; choose one of wide, slim"),
        ({"inner": {"widths": [0]}}, "x.toml: inner: widths must not hold 0"),
        ({"many": [{"widths": 3}]}, r"many\[0\]: widths: expected a list"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(table, message):
    with pytest.raises(InputError, match=message):
        from_table(Outer, table, "x.toml")


def test_a_field_without_default_is_asked_for():
    with pytest.raises(InputError, match=r"x.toml: needs name"):
        from_table(Strict, {}, "x.toml")


def test_settings_come_back_from_their_own_toml(tmp_path):
    settings = Outer(
        rate=3e-4,
        fast=True,
        note='a "quoted"\nline',
        folder=Path("a b/c"),
        weights={"mesh478": 1.0, "left eye": 0.25},
        inner=Inner((7,), (1e-9, "ü"), "slim"),
        many=(Inner(), Inner((9,))),
    )
    write_recipe(tmp_path / "recipe.toml", "toy", settings)
    recipe = read_recipe(tmp_path / "recipe.toml")
    assert recipe.task == "toy"
    assert recipe.settings(Outer) == settings
    assert [file.name for file in tmp_path.iterdir()] == ["recipe.toml"]


def test_defaults_are_spelled_out_and_nothing_is_not():
    table = to_table(Outer())
    assert table["steps"] == 10
    assert "note" not in table
    assert to_toml({"a": {"b": {"c": 1}}}).split() == ["[a]", "[a.b]", "c", "=", "1"]


def test_changes_of_the_command_line_win(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('task = "toy"\nsteps = 3\n[inner]\nkind = "wide"\n')
    changes = ["steps=5", "inner.kind=slim", "inner.widths=[8, 9]", "weights.mesh478=2"]
    got = read_recipe(path, changes).settings(Outer)
    assert (got.steps, got.inner, got.weights) == (
        5,
        Inner(widths=(8, 9), kind="slim"),
        {"mesh478": 2.0},
    )
    with pytest.raises(InputError, match="expected KEY=VALUE"):
        read_recipe(path, ["steps"])
    with pytest.raises(InputError, match="steps is a value"):
        read_recipe(path, ["steps.a=1"])


def test_a_section_is_read_alone(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('task = "toy"\n[inner]\nkind = "slim"\n[other]\nx = 1\n')
    recipe = read_recipe(path)
    assert recipe.section("inner", Inner).kind == "slim"
    assert recipe.section("absent", Inner) == Inner()
    with pytest.raises(InputError, match=r"r.toml: \[other\]: unknown key 'x'"):
        recipe.section("other", Inner)


@pytest.mark.parametrize(
    ("text", "message"), [("a = ", "not a TOML file"), ("steps = 3", "says no task")]
)
def test_a_file_that_is_no_recipe_says_so(tmp_path, text, message):
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_recipe(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(SourceError, match=r"none.toml: cannot read the recipe: No such file"):
        read_recipe(tmp_path / "none.toml")
