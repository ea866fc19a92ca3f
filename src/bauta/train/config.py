"""Recipes: TOML tables to frozen dataclasses and back, every key known and of the right kind.

A recipe names its `task` and has one table a stage (`[data]`, `[augment]`, `[network]`, `[loss]`,
`[train]` ...). Each stage keeps its settings in a frozen dataclass of its own; this module only
turns tables into them, and refuses what they do not know.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from bauta.checks import InputError, SinkError, SourceError

T = TypeVar("T")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class Recipe:
    """A recipe as it stands in its file, changes of the command line included."""

    task: str
    """A name of `bauta.train.tasks.TASKS`."""
    table: dict[str, Any] = field(default_factory=dict)
    """Everything but `task`: mostly one table a stage."""
    where: str = "recipe"
    """The file, for errors."""

    def settings(self, cls: type[T]) -> T:
        """The whole recipe as the dataclass of its task."""
        return from_table(cls, self.table, self.where)

    def section(self, name: str, cls: type[T]) -> T:
        """One table of it as `cls`; an absent one is all defaults."""
        return from_table(cls, self.table.get(name, {}), f"{self.where}: [{name}]")


def read_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """The recipe of a TOML file with `changes` such as `train.rate=3e-4` made to it.

    SourceError when there is no such file; InputError when it is not TOML or names no task.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"{path}: cannot read the recipe: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from error
    for change in changes:
        _change(table, change)
    task = table.pop("task", None)
    if not isinstance(task, str):
        raise InputError(f'{path}: says no task; begin it with a line such as task = "landmarks"')
    return Recipe(task, table, str(path))


def _change(table: dict[str, Any], change: str) -> None:
    """Make one change `a.b=value` in place; a value that is no TOML is a text."""
    key, equals, text = change.partition("=")
    *outer, last = key.strip().split(".")
    if not equals or not last:
        raise InputError(f"change {change!r}: expected KEY=VALUE, such as train.rate=3e-4")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for name in outer:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise InputError(f"change {change!r}: {name} is a value, not a table")
    table[last] = value


def from_table(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """`table` as the dataclass `cls`; InputError for an unknown key or a value of another kind.

    Fields may be bool, int, float, str, Path, Literal, `X | None`, tuples (lists in TOML),
    dict[str, X] and dataclasses. `where` begins every error: the file and the table.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: expected a table, got {table!r}")
    hints = typing.get_type_hints(cls)
    known = [f.name for f in dataclasses.fields(cls) if f.init]  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(f"{where}: unknown key {key!r}; {hint}known: {', '.join(known)}")
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    try:
        return cls(**values)
    except TypeError as error:
        missing = [
            f.name
            for f in dataclasses.fields(cls)  # type: ignore[arg-type]
            if f.init
            and f.name not in values
            and f.default is dataclasses.MISSING
            and f.default_factory is dataclasses.MISSING
        ]
        if not missing:
            raise
        raise InputError(f"{where}: needs {', '.join(missing)}") from error
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _value(kind: Any, value: Any, where: str) -> Any:
    """`value` of a TOML file as `kind`."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (types.UnionType, typing.Union):
        return _one_of(parts, value, where)
    if origin is typing.Literal:
        if value in parts and type(value) in map(type, parts):
            return value
        raise InputError(f"{where}: unknown {value!r}; choose one of {', '.join(map(str, parts))}")
    if dataclasses.is_dataclass(kind):
        return from_table(kind, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        return _tuple(parts, value, where)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected a table, got {value!r}")
        return {key: _value(parts[1], item, f"{where}.{key}") for key, item in value.items()}
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise InputError(f"{where}: expected {_KINDS.get(kind, kind.__name__)}, got {value!r}")
    return value


def _one_of(kinds: tuple, value: Any, where: str) -> Any:
    """`value` as the first of `kinds` that takes it; TOML has no None, so it never is one."""
    errors = []
    for kind in kinds:
        if kind is not type(None):
            try:
                return _value(kind, value, where)
            except InputError as error:
                errors.append(error)
    raise errors[0]


def _tuple(parts: tuple, value: Any, where: str) -> tuple:
    if not isinstance(value, list | tuple):
        raise InputError(f"{where}: expected a list, got {value!r}")
    if len(parts) == 2 and parts[1] is Ellipsis:
        parts = (parts[0],) * len(value)
    if len(parts) != len(value):
        raise InputError(f"{where}: expected {len(parts)} values, got {len(value)}")
    pairs = enumerate(zip(parts, value, strict=True))
    return tuple(_value(kind, item, f"{where}[{i}]") for i, (kind, item) in pairs)


def to_table(settings: Any) -> dict[str, Any]:
    """A dataclass as a table of plain values, every default spelled out; None is left out."""
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings) if f.init}
    return {key: _plain(value) for key, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_table(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.as_posix() if isinstance(value, Path) else value


def write_recipe(path: Path, task: str, settings: Any) -> None:
    """Save the resolved settings of a run as a recipe that `read_recipe` reads, atomically."""
    text = f"task = {json.dumps(task)}\n" + to_toml(to_table(settings))
    temporary = path.with_suffix(".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise SinkError(f"{path}: cannot write the recipe: {error.strerror}") from error


def to_toml(table: Mapping[str, Any], name: str = "") -> str:
    """TOML of nested tables of texts, numbers, truths and lists of them."""
    lines = [f"{_key(k)} = {_toml(v)}\n" for k, v in table.items() if not isinstance(v, Mapping)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner = f"{name}.{_key(key)}" if name else _key(key)
            lines.append(f"\n[{inner}]\n{to_toml(value, inner)}")
    return "".join(lines)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else json.dumps(key, ensure_ascii=False)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def differences(before: Mapping[str, Any], after: Mapping[str, Any], name: str = "") -> list[str]:
    """One line for each key whose value differs: `train.rate: 0.001 -> 0.0003`."""
    lines = []
    for key in dict.fromkeys([*before, *after]):
        old, new, path = before.get(key), after.get(key), f"{name}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += differences(old, new, f"{path}.")
        elif old != new:
            lines.append(f"{path}: {old} -> {new}")
    return lines
