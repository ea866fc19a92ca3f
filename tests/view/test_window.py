"""The window: what is sent to it, and how it ends. A stand-in process where no screen is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.render.overlay import Overlay
from bauta.video.frame import Frame
from bauta.view import window
from bauta.view.window import Window, WindowClosedError

SHOWS = """
import sys
print("ready", flush=True)
open(PATH, "wb").write(sys.stdin.buffer.read())
"""
GONE = "print('ready', flush=True)"


def frame(index: int, size: tuple[int, int] = (64, 48)) -> Frame:
    image = np.full((size[1], size[0], 3), index, np.uint8)
    return Frame(image, index / 25, index, "clip.mp4")


@pytest.fixture
def stand_in(monkeypatch):
    """Another program in the place of the window's process."""

    def use(code: str) -> None:
        real = subprocess.Popen

        def popen(command: list[str], **more: object) -> object:
            assert command[1:3] == ["-m", "bauta.view.tk"]
            return real([sys.executable, "-c", code], **more)  # type: ignore[call-overload]

        monkeypatch.setattr(window.subprocess, "Popen", popen)

    return use


def pictures(data: bytes) -> Iterator[np.ndarray]:
    while data:
        head, data = data.split(b"\n", 1)
        _, width, height, _ = head.split()
        count = 3 * int(width) * int(height)
        yield np.frombuffer(data[:count], np.uint8).reshape(int(height), int(width), 3)
        data = data[count:]


def test_the_window_is_sent_the_newest_pictures_whole_and_no_larger_than_a_screen(
    stand_in, tmp_path
):
    stand_in(SHOWS.replace("PATH", repr(str(tmp_path / "sent"))))
    with Window(Overlay((), panel=None)) as shown:
        for index in range(50):
            shown.write(frame(index), [], None)
        time.sleep(0.5)
        shown.write(frame(99, (2560, 1000)), [], None)
    sent = list(pictures((tmp_path / "sent").read_bytes()))
    values = [int(image.mean()) for image in sent]
    assert values == sorted(values)
    assert 49 in values  # the last that waits is shown
    assert sent[-1].shape == (500, 1280, 3)


def test_a_window_that_was_closed_ends_the_run(stand_in):
    stand_in(GONE)

    def watch() -> None:
        with Window(Overlay((), panel=None)) as shown:
            for index in range(200):
                shown.write(frame(index), [], None)
                time.sleep(0.02)

    with pytest.raises(WindowClosedError):
        watch()


def test_no_screen_is_one_clear_error_that_names_the_page(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform != "linux":
        pytest.skip("only X11 has no screen when nobody says where it is")
    pytest.importorskip("tkinter", reason="this Python was built without tkinter")
    with pytest.raises(InputError, match=r"no window can be opened here \(.*display.*--page"):
        Window(Overlay(()))


def test_without_tkinter_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(window, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="python3-tk"):
        Window(Overlay(()))


@pytest.fixture
def screen(monkeypatch, tmp_path) -> Iterator[Path]:
    """A screen nobody sees; the folder holds what is on it."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb, a screen that nobody sees")
    pytest.importorskip("tkinter", reason="this Python was built without tkinter")
    read, write = os.pipe()
    arguments = ["-displayfd", str(write), "-screen", "0", "400x300x24", "-fbdir", str(tmp_path)]
    with subprocess.Popen(["Xvfb", *arguments], pass_fds=[write], stderr=subprocess.DEVNULL) as x:
        os.close(write)
        with open(read) as said:
            monkeypatch.setenv("DISPLAY", f":{said.readline().strip()}")
        yield tmp_path
        x.terminate()


def grey(file: Path, value: int) -> int:
    """Pixels of a grey in a frame buffer of 32 bits a pixel, behind a header."""
    data = file.read_bytes()
    pixels = np.frombuffer(data[len(data) % 4 :], np.uint32) & 0xFFFFFF
    return int((pixels == value * 0x010101).sum())


def test_the_picture_is_on_the_screen(screen):
    with Window(Overlay((), panel=None)) as shown:
        shown.write(frame(117), [], None)
        limit = time.monotonic() + 20
        while grey(screen / "Xvfb_screen0", 117) < 64 * 48:
            assert time.monotonic() < limit, "the picture never came"
            time.sleep(0.1)
