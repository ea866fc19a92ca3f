"""What must be there."""

from typing import TypeVar

T = TypeVar("T")


def sure(value: T | None) -> T:
    """The value, which must not be None."""
    assert value is not None
    return value
