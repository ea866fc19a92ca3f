"""The page: what it shows, to whom, and that nobody waits for it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from bauta.checks import InputError
from bauta.render.overlay import Overlay
from bauta.video.frame import Frame
from bauta.view.page import Page
from faces import synthetic_face


@pytest.fixture
def page() -> Iterator[Page]:
    with Page(Overlay((), panel=None)) as opened:
        yield opened


def frame(index: int, grey: int = 0) -> Frame:
    return Frame(np.full((48, 64, 3), grey, np.uint8), index / 25, index, "clip.mp4")


def ask(page: Page, path: str, host: str | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(page.host, timeout=20)
    connection.request("GET", path, headers={"Host": host or page.host})
    return connection.getresponse()


def next_picture(stream: http.client.HTTPResponse) -> np.ndarray:
    """The next picture of an MJPEG stream, (H, W, 3) BGR."""
    lines = []
    while not lines or lines[-1] != b"\r\n":
        lines.append(stream.readline())
    found = re.search(rb"Content-Length: (\d+)", b"".join(lines))
    assert found
    data = stream.read(int(found[1]))
    assert stream.read(2) == b"\r\n"
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_the_page_shows_pictures_and_numbers(page):
    page.write(frame(7, 200), [synthetic_face(20, -5, id=3)], 4.26)
    html = ask(page, f"/{page.token}/").read().decode()
    assert 'src="stream"' in html
    numbers = json.loads(ask(page, f"/{page.token}/numbers").read())
    assert (numbers["frame"], numbers["milliseconds"]) == (7, 4.3)
    assert numbers["faces"][0]["id"] == 3
    assert numbers["faces"][0]["yaw, pitch, roll"] == pytest.approx([20, -5, 0], abs=0.1)
    picture = next_picture(ask(page, f"/{page.token}/stream"))
    assert picture.shape == (48, 64, 3)
    assert abs(int(picture.mean()) - 200) < 3


def test_before_the_first_frame_there_are_no_faces(page):
    numbers = json.loads(ask(page, f"/{page.token}/numbers").read())
    assert numbers == {"frame": None, "faces": []}


def test_only_who_knows_the_address_sees_anything(page):
    page.write(frame(0), [], None)
    port = page.host.split(":")[1]
    for path, host in (
        ("/", None),
        ("/stream", None),
        ("/guessed/stream", None),
        (f"/{page.token}", None),
        (f"/{page.token}/../page.py", None),
        (f"/{page.token}/", f"evil.example:{port}"),
        (f"/{page.token}/numbers", "evil.example"),
    ):
        assert ask(page, path, host).status == (200 if path == f"/{page.token}" else 404), path
    assert page.url == f"http://{page.host}/{page.token}/"
    assert len(page.token) >= 12


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have 127.0.0.1 alone")
def test_it_listens_at_one_address_alone(page):
    """127.0.0.2 is this machine, too: it would answer if all addresses were listened at."""
    host, port = page.host.split(":")
    socket.create_connection((host, int(port)), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(port)), timeout=5)


def test_the_newest_frame_wins_and_nobody_waits_for_a_slow_reader(page):
    stream = ask(page, f"/{page.token}/stream")  # does not read
    started = time.monotonic()
    for index in range(2000):
        page.write(frame(index, index % 200), [], None)
    assert time.monotonic() - started < 5
    page.write(frame(2000, 250), [], None)
    for _ in range(2000):
        if next_picture(stream).mean() > 245:
            return
    raise AssertionError("the newest frame was never shown")


def test_a_picture_is_drawn_once_for_all_and_only_when_somebody_looks():
    drawn = []
    with Page(Overlay((lambda image, face: drawn.append(face.id),), panel=None)) as page:
        for index in range(5):
            page.write(frame(index), [synthetic_face(id=index)], None)
        assert drawn == []
        looks = [threading.Thread(target=page.picture, args=(0,)) for _ in range(4)]
        for look in looks:
            look.start()
        for look in looks:
            look.join()
        assert drawn == [4]


def test_closing_ends_the_stream_and_frees_the_port(page):
    page.write(frame(0), [], None)
    stream = ask(page, f"/{page.token}/stream")
    next_picture(stream)
    page.close()
    page.close()
    assert stream.read() == b""
    with Page(Overlay(()), int(page.host.split(":")[1])):
        pass


def test_a_taken_port_is_one_clear_error(page):
    with pytest.raises(InputError, match=r"--page: port \d+ cannot be used"):
        Page(Overlay(()), int(page.host.split(":")[1]))
    with pytest.raises(InputError, match="--page: port 70000"):
        Page(Overlay(()), 70000)
