"""Errors a person can act on, and the checks at the border of the library.

Every error says what was wrong, where, and what to do. `BautaError` is what the command line turns
into one line on stderr and exit code 1.
"""

from __future__ import annotations

import numpy as np


class BautaError(Exception):
    """Base of every error that bauta raises on purpose."""


class InputError(BautaError, ValueError):
    """What was handed in cannot be used: wrong dtype, shape, value, or an unknown option."""


class SourceError(BautaError, OSError):
    """A video, picture, folder or camera cannot be read (or not any further)."""


class SinkError(BautaError, OSError):
    """An output cannot be written."""


class ModelError(BautaError):
    """A model file is missing, corrupt, or not one of ours."""


def check_image(image: object, name: str = "image") -> np.ndarray:
    """Return `image` if it is (H, W, 3) uint8 with H, W >= 1; raise InputError otherwise."""
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"{name}: expected a numpy array (H, W, 3) of uint8, got {type(image).__name__}"
        )
    if image.dtype != np.uint8:
        hint = " (multiply by 255 first?)" if image.dtype.kind == "f" else ""
        raise InputError(f"{name}: expected dtype uint8, got {image.dtype}{hint}")
    if image.ndim != 3 or image.shape[2] != 3:
        hint = {
            2: "; for a grey picture use np.repeat(image[..., None], 3, axis=2)",
            3: "; drop the alpha channel with image[..., :3]" if image.shape[-1] == 4 else "",
        }.get(image.ndim, "")
        raise InputError(f"{name}: expected shape (H, W, 3), got {image.shape}{hint}")
    if image.shape[0] < 1 or image.shape[1] < 1:
        raise InputError(f"{name}: expected at least one pixel, got shape {image.shape}")
    return image


def check_array(array: object, shape: tuple[int | None, ...], name: str) -> np.ndarray:
    """Return a read-only float32 copy if the shape matches (None = any) and all is finite."""
    try:
        result = np.array(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers of shape {shape}, got {array!r:.80}") from error
    matches = result.shape == shape or (
        result.ndim == len(shape)
        and all(want is None or got == want for got, want in zip(result.shape, shape, strict=True))
    )
    if not matches:
        raise InputError(f"{name}: expected shape {shape}, got {result.shape}")
    if not np.isfinite(result).all():
        raise InputError(f"{name}: expected finite numbers, got NaN or infinity")
    result.flags.writeable = False
    return result


def check_count(value: object, name: str) -> int:
    """Return `value` if it is a whole number of 1 or more."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name}: expected a whole number of 1 or more, got {value!r}")
    return int(value)


def check_choice(value: str, choices: object, name: str) -> str:
    """Return `value` if it is among `choices` (any iterable of strings)."""
    known = list(choices)  # type: ignore[call-overload]
    if value not in known:
        raise InputError(f"{name}: unknown {value!r}; choose one of {', '.join(map(str, known))}")
    return value
