"""Indices written as text: `"0-4 7 9-5"` and, with means, `"0-32:2 (60 64) 96"`."""

from __future__ import annotations

import re

import numpy as np

from bauta.checks import InputError

TERM = re.compile(r"\(([^()]*)\)|(\d+)(?:-(\d+))?(?::(\d+))?|(\S)")


def _span(first: str, last: str | None, step: str | None) -> list[int]:
    start, stop = int(first), int(last or first)
    stride = int(step or 1) * (1 if stop >= start else -1)
    return list(range(start, stop + (1 if stride > 0 else -1), stride))


def groups(text: str) -> list[list[int]]:
    """Indices of each term: `"0-2 (5 8)"` is [[0], [1], [2], [5, 8]]; spans include both ends."""
    result: list[list[int]] = []
    for inner, first, last, step, rest in TERM.findall(text):
        if rest:
            raise InputError(f"indices {text!r}: unexpected {rest!r}; write spans as '0-4 7 9-5'")
        if first:
            result += [[index] for index in _span(first, last, step)]
        else:
            result.append(indices(inner).tolist())
    return result


def indices(text: str) -> np.ndarray:
    """The plain list: `"0-2 7-6"` is [0, 1, 2, 7, 6]."""
    return np.array([index for group in groups(text) for index in group], dtype=int)
