"""Who trains, who decides, who judges: splits by person, across sets.

The split of a person follows from a hash of the name alone, so that it is the same in every set,
on every machine, whatever other pictures exist.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bauta.data.sample import Sample

SPLITS = ("train", "val", "test")
VAL_PERCENT = 8
TEST_PERCENT = 12


def person_of(name: str) -> str:
    """Person in a file name of `ytf` or `lfw`: `training_A_B_00.jpg`, `A_B_0001.jpg` -> `A_B`."""
    stem = name.rsplit(".", 1)[0]
    for prefix in ("training_", "test_"):
        stem = stem.removeprefix(prefix)
    return stem.rsplit("_", 1)[0]


def split_of(key: str) -> str:
    """`train`, `val` (decides between runs) or `test` (judges at the end) for a person or hash."""
    percent = int.from_bytes(hashlib.sha1(key.encode()).digest()[:4], "big") % 100
    if percent < TEST_PERCENT:
        return "test"
    return "val" if percent < TEST_PERCENT + VAL_PERCENT else "train"


def split_of_sample(sample: Sample) -> str:
    """That of the person, or of the picture where nobody knows whom it shows."""
    return split_of(sample.person or sample.name.split("#")[0])
