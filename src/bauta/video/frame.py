"""What every source delivers: a picture with its time."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from bauta.checks import InputError, check_image


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
