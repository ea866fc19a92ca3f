"""What every source delivers: a picture with its time."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from bauta.checks import InputError, check_choice, check_image

Tell = Callable[[str], None]
"""Hears, in a sentence, what a source has to say beside its frames."""
COLORS = ("rgb", "bgr")
"""Orders of channels that a bare picture may have."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source."""

    image: np.ndarray
    """(H, W, 3) uint8, RGB, upright."""
    time: float
    """Seconds, from 0 at the start of the source; strictly increasing within a source."""
    index: int
    """0, 1, 2 ... over the frames that came; those that a live source dropped are missing."""
    name: str
    """The file, camera or address that the frame came from."""

    def __post_init__(self) -> None:
        check_image(self.image, "Frame.image")
        if not math.isfinite(self.time):
            raise InputError(f"Frame.time: expected finite seconds, got {self.time}")


def picture_and_time(
    image: np.ndarray | Frame, time: float | None, color: str
) -> tuple[np.ndarray, float]:
    """(H, W, 3) RGB and seconds of a Frame, or of a bare picture of that colour order and its time.
    InputError when either cannot be used."""
    check_choice(color, COLORS, "color")
    if isinstance(image, Frame):
        if color != "rgb":
            raise InputError("color: a Frame is RGB already; pass color with bare arrays only")
        time = image.time if time is None else time
        image = image.image
    elif time is None:
        raise InputError("time: a bare picture needs its time in seconds: tracker(image, time)")
    pixels = check_image(image)
    if not isinstance(time, int | float | np.number) or not np.isfinite(time):
        raise InputError(f"time: expected a finite number of seconds, got {time!r}")
    return (np.ascontiguousarray(pixels[..., ::-1]) if color == "bgr" else pixels), float(time)


class Source(ABC):
    """Frames from a video, pictures, a camera or a stream: iterate it, best inside a `with`.

    Iterating a file or a folder again starts from its beginning. Reading raises SourceError once,
    after everything that could be delivered has been.
    """

    name: str
    """What was opened, as the user named it."""
    kind: Literal["video", "images", "camera", "stream"]
    """A stream comes from an address or is piped in."""
    live: bool = False
    """Frames come whether anybody looks or not, and only the newest is kept."""
    frames: int | None = None
    """About how many frames will come, for a progress bar; None when nobody knows."""
    rate: float | None = None
    """Nominal frames per second, for display only: the truth is in `Frame.time`."""
    size_wh: tuple[int, int] | None = None
    """Width and height in pixels of the first frame, upright; None for pictures."""
    duration: float | None = None
    """Seconds, as the container promises; None when it does not."""

    @property
    def dropped(self) -> int:
        """Frames of a live source that nobody had time for, until now."""
        return 0

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """Release a camera or a connection; a file is closed when its iteration ends."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
