"""Pictures of a camera, worked on in a thread of their own: the newest wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from bauta.compat.mediapipe.image import Image


class Live:
    """Calls `work(image, timestamp)` and then `callback(result, image, timestamp)` in a thread.

    One picture waits at most; the next takes its place. `close` finishes the one that waits.
    """

    def __init__(self, work: Callable[[Image, int], Any], callback: Callable[..., Any]) -> None:
        self._work, self._callback = work, callback
        self._changed = threading.Condition()
        self._waiting: tuple[Image, int] | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="bauta-live", daemon=True)
        self._thread.start()

    def send(self, image: Image, timestamp_ms: int) -> None:
        """Hand over a picture; raises what went wrong with an earlier one."""
        self._raise()
        with self._changed:
            self._waiting = image, timestamp_ms
            self._changed.notify()

    def close(self) -> None:
        """Wait for the last picture; raises what went wrong. Again is a no-op."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None and not self._closed:
                    self._changed.wait()
                if self._waiting is None:
                    return
                (image, timestamp), self._waiting = self._waiting, None
            try:
                self._callback(self._work(image, timestamp), image, timestamp)
            except Exception as error:  # raised again where the pictures come from
                self._error = error
