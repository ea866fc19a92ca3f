"""Torch7's `.t7` files, as LS3D-W has them: one tensor each. Parsed as data, nothing is run."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from bauta.checks import SourceError

_TORCH = 4
_NUMBERS = {"Double": "<f8", "Float": "<f4", "Int": "<i4", "Long": "<i8", "Byte": "<u1"}


def read_t7(path: Path) -> np.ndarray:
    """The tensor of a Torch7 file, as `torch.save` of Lua writes it (binary, 64 bit).

    int32 type 4, int32 index, string "V 1", string "torch.DoubleTensor", int32 dimensions, int64
    sizes, int64 strides, int64 offset from 1, then its storage in the same way: type, index,
    version, "torch.DoubleStorage", int64 length, values; a string is an int32 length and its bytes
    (torch7's File.lua and generic/Tensor.c). SourceError when it holds anything else.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return _tensor(_Reading(data))
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: not a Torch7 file of one tensor; get a whole copy") from error


class _Reading:
    """Reads a Torch7 file from its beginning."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def integers(self, code: str, count: int) -> tuple[int, ...]:
        """`count` integers of struct's `code`."""
        form = f"<{count}{code}"
        values = struct.unpack_from(form, self.data, self.place)
        self.place += struct.calcsize(form)
        return values

    def string(self) -> str:
        """A length and that many bytes."""
        (length,) = self.integers("i", 1)
        if length < 0:
            raise ValueError("negative length")
        self.place += length
        return self.data[self.place - length : self.place].decode("ascii")

    def kind(self, what: str) -> str:
        """Begin an object `torch.<kind><what>`: its kind of number."""
        if self.integers("i", 2)[0] != _TORCH or self.string() != "V 1":
            raise ValueError("not a torch object")
        return self.string().removeprefix("torch.").removesuffix(what)


def _tensor(file: _Reading) -> np.ndarray:
    kind = file.kind("Tensor")
    (dimensions,) = file.integers("i", 1)
    if not 0 < dimensions < 8:
        raise ValueError("dimensions")
    sizes, strides = file.integers("q", dimensions), file.integers("q", dimensions)
    (offset,) = file.integers("q", 1)
    if file.kind("Storage") != kind:
        raise ValueError("tensor and storage differ")
    (length,) = file.integers("q", 1)
    values = np.frombuffer(file.data, _NUMBERS[kind], length, file.place)
    where = np.full(sizes, offset - 1, np.int64)
    for axis, stride in enumerate(strides):
        steps = np.arange(sizes[axis]) * stride
        where += steps.reshape([-1 if k == axis else 1 for k in range(dimensions)])
    if where.size and not 0 <= where.min() <= where.max() < length:
        raise ValueError("outside the storage")
    return values[where]
