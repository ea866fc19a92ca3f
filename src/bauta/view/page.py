"""A page on this machine that shows what is tracked: the only place that listens on a socket.

It listens on 127.0.0.1 alone, under a name that nobody can guess, and hears only who asks for this
very address: other machines, other users and pages of other sites see nothing.
"""

from __future__ import annotations

import json
import secrets
import threading
import time as clock
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Self

from bauta.checks import InputError
from bauta.render.overlay import Overlay
from bauta.types import FaceState
from bauta.video.frame import Frame

LOOPBACK = "127.0.0.1"
PERIOD = 1 / 25
"""Seconds between two pictures at least."""
BOUNDARY = "bauta-frame"
STRONGEST = 8
"""Expressions that are listed."""


class Page:
    """Serves the newest frame while it is open: a sink, best used in a `with`.

    `url` is what to open. `port` 0 takes any free one. InputError when the port is taken.
    """

    def __init__(self, overlay: Overlay, port: int = 0) -> None:
        self._overlay = overlay
        self._newest: tuple[Frame, list[FaceState], float | None] | None = None
        self._number = 0
        self._changed = threading.Condition()
        self._drawing = threading.Lock()
        self._drawn: tuple[int, bytes] = (0, b"")
        self.closed = False
        try:
            handler = type("Handler", (_Handler,), {"page": self})
            self._server = ThreadingHTTPServer((LOOPBACK, port), handler)
        except (OSError, OverflowError) as error:
            raise InputError(f"--page: port {port} cannot be used: {error}; 0 takes any") from error
        self.host = f"{LOOPBACK}:{self._server.server_address[1]}"
        self.token = secrets.token_urlsafe(9)
        self.url = f"http://{self.host}/{self.token}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="bauta-page", daemon=True
        )
        self._thread.start()

    def write(self, frame: Frame, faces: list[FaceState], milliseconds: float | None) -> None:
        """Keep the frame as the newest."""
        with self._changed:
            self._newest = frame, faces, milliseconds
            self._number += 1
            self._changed.notify_all()

    def picture(self, after: int) -> tuple[int, bytes]:
        """Number and JPEG of the first frame later than `after`; waits for it. Empty when closed.

        Drawn once, however many are looking.
        """
        with self._changed:
            while self._number <= after and not self.closed:
                self._changed.wait(0.5)
            if self.closed or self._newest is None:
                return after, b""
        with self._drawing:
            with self._changed:
                (frame, faces, milliseconds), number = self._newest, self._number
            if self._drawn[0] < number:
                image = self._overlay(frame.image, faces, milliseconds)
                self._drawn = number, _jpeg(image)
            return self._drawn

    def numbers(self) -> dict[str, Any]:
        """What is known of the newest frame, for JSON."""
        with self._changed:
            if self._newest is None:
                return {"frame": None, "faces": []}
            frame, faces, milliseconds = self._newest
        said = None if milliseconds is None else round(milliseconds, 1)
        numbers = [_numbers(face) for face in faces]
        return {"frame": frame.index, "time": frame.time, "milliseconds": said, "faces": numbers}

    def close(self) -> None:
        """End the page and let its readers go; again is a no-op."""
        if self.closed:
            return
        with self._changed:
            self.closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _jpeg(image: Any) -> bytes:
    import cv2

    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)[1].tobytes()


def _numbers(face: FaceState) -> dict[str, Any]:
    strongest = sorted(face.blendshapes.items(), key=lambda item: -item[1])[:STRONGEST]
    yaw, pitch, roll = (round(angle, 1) for angle in face.pose.angles)
    return {
        "id": face.id,
        "score": round(face.score, 3),
        "yaw, pitch, roll": [yaw, pitch, roll],
        "centimetres": None if face.fit is None else face.fit.t_camera_head.round(1).tolist(),
        "eyes open (right, left)": [round(value, 2) for value in face.eye_openness],
        "expressions": {name: round(value, 2) for name, value in strongest},
    }


@cache
def _html() -> bytes:
    return files("bauta.view").joinpath("page.html").read_bytes()


class _Handler(BaseHTTPRequestHandler):
    """Answers `/TOKEN/`, `/TOKEN/stream` and `/TOKEN/numbers`; everything else is not there."""

    page: Page

    def do_GET(self) -> None:
        page = self.page
        answers = {"": self._page, "stream": self._stream, "numbers": self._numbers}
        _, token, *rest = (*self.path.split("/"), "")
        known = secrets.compare_digest(token.encode(), page.token.encode())
        answer = answers.get(rest[0]) if known and self.headers.get("Host") == page.host else None
        if answer is None:
            self.send_error(404)
            return
        try:
            answer()
        except OSError:  # the reader went away
            self.close_connection = True

    def _page(self) -> None:
        self._send("text/html; charset=utf-8", _html())

    def _numbers(self) -> None:
        self._send("application/json", json.dumps(self.page.numbers(), allow_nan=False).encode())

    def _stream(self) -> None:
        self._begin(f"multipart/x-mixed-replace; boundary={BOUNDARY}", None)
        number = 0
        while True:
            started = clock.monotonic()
            number, picture = self.page.picture(number)
            if not picture:
                return
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
            self.wfile.write(f"{head}\r\n\r\n".encode() + picture + b"\r\n")
            clock.sleep(max(0.0, PERIOD - (clock.monotonic() - started)))

    def _send(self, kind: str, content: bytes) -> None:
        self._begin(kind, len(content))
        self.wfile.write(content)

    def _begin(self, kind: str, length: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: stderr is for progress."""
