"""A window, in a process of its own: Tk wants a main thread, and a slow screen must slow nobody."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from typing import IO, Self

import numpy as np

from bauta.checks import BautaError, InputError
from bauta.overlap import Newest
from bauta.render.overlay import Overlay
from bauta.types import FaceState
from bauta.video.frame import Frame

LARGEST = (1280, 720)
"""Pixels across and down beyond which pictures are shown smaller."""


class WindowClosedError(BautaError):
    """The user has closed the window."""


class Window:
    """Shows the newest frame: a sink, best used in a `with`.

    InputError when no window can be opened here. Once the user has closed it (or pressed q or
    escape), `write` raises WindowClosedError.
    """

    def __init__(self, overlay: Overlay, title: str = "bauta") -> None:
        if find_spec("_tkinter") is None:
            raise InputError(
                "--show: this Python was built without tkinter (Debian, Ubuntu: apt install "
                "python3-tk); --page shows the same in a browser"
            )
        self._overlay = overlay
        command = [sys.executable, "-m", "bauta.view.tk", title]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._input, self._said = _pipe(self._process.stdin), _pipe(self._process.stdout)
        if (first := self._said.readline()) != b"ready\n":
            reason = (first + self._said.read()).decode(errors="replace").strip().splitlines()
            self._process.wait()
            raise InputError(
                f"--show: no window can be opened here ({reason[-1] if reason else 'no reason'}); "
                "--page shows the same in a browser"
            )
        self._newest = Newest(self._draw)

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        """Show the frame, unless a newer one comes first."""
        if self._process.poll() is not None:
            raise WindowClosedError("the window was closed")
        self._newest(frame, faces, milliseconds)

    def _draw(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        image = _shrunk(self._overlay(frame.image, faces, milliseconds))
        try:
            self._input.write(f"P6 {image.shape[1]} {image.shape[0]} 255\n".encode())
            self._input.write(image.tobytes())
            self._input.flush()
        except OSError as error:
            raise WindowClosedError("the window was closed") from error

    def close(self) -> None:
        """Close the window; again is a no-op."""
        with suppress(WindowClosedError):
            self._newest.close()
        with suppress(OSError):  # the other end may be gone
            self._input.close()
        self._process.wait()
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _shrunk(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) no larger than `LARGEST`, in the same shape."""
    import cv2

    height, width = image.shape[:2]
    scale = min(LARGEST[0] / width, LARGEST[1] / height)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
