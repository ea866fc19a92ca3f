"""Work that overlaps: a thread that fetches ahead of a loop, a thread that works behind it.

Both are bounded and keep the order; what fails in the thread is raised where the loop runs.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")

DEPTH = 4
"""Items that may wait between two threads: evens out stages of uneven length."""
TICK = 0.2
"""Seconds between looks at whether to stop; a wait without an end is deaf to Ctrl-C on Windows."""
PATIENCE = 2.0
"""Seconds that a thread is given to end; one that waits for a device is left behind."""


class Ahead(Generic[T]):
    """Items of an iterable, fetched by a thread of its own, at most `depth` ahead.

    What the iterable raises is raised after the items before it. With `newest` nobody waits for the
    loop: an item that finds the queue full takes the place of the oldest, and `dropped` counts.
    Iterate once. `close` ends the iteration from any thread.
    """

    def __init__(self, items: Iterable[T], depth: int = DEPTH, *, newest: bool = False) -> None:
        self.dropped = 0
        self._items, self._depth, self._newest = items, depth, newest
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._ended = self._closed = False
        threading.Thread(target=self._fetch, name="bauta-ahead", daemon=True).start()

    def _fetch(self) -> None:
        try:
            items = iter(self._items)
            for item in items:
                if not self._offer(item):
                    break
            if isinstance(items, Generator):
                items.close()
        except BaseException as error:  # raised again where the loop runs
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _offer(self, item: T) -> bool:
        """Put an item into the queue, as soon as there is room; False when nobody wants more."""
        with self._changed:
            while len(self._waiting) >= self._depth and not self._closed:
                if self._newest:
                    self._waiting.popleft()
                    self.dropped += 1
                else:
                    self._changed.wait(TICK)
            self._waiting.append(item)
            self._changed.notify_all()
            return not self._closed

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                while not (self._waiting or self._ended or self._closed):
                    self._changed.wait(TICK)
                if self._closed:
                    return
                if not self._waiting:
                    break
                item = self._waiting.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """End the iteration and the thread; more calls do nothing."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ended, PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Behind:
    """Calls `work` in a thread of its own, in order; at most `depth` calls wait.

    What `work` raises is raised by the next call or by `close`, and what was asked for after it is
    left undone. `close` waits until all that was asked for is done. Used in a `with` that an error
    ends, it finishes its work all the same, and that error is the one to be seen.
    """

    def __init__(self, work: Callable[..., None], depth: int = DEPTH) -> None:
        self._work, self._depth = work, depth
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._told = self._closed = self._ended = False
        threading.Thread(target=self._run, name="bauta-behind", daemon=True).start()

    def __call__(self, *arguments: Any) -> None:
        """Ask for `work(*arguments)`; waits while too many calls do."""
        with self._changed:
            while len(self._waiting) >= self._depth and self._error is None:
                self._changed.wait(TICK)
            self._raise()
            self._waiting.append(arguments)
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while (arguments := self._next()) is not None:
                self._work(*arguments)
        except BaseException as error:  # raised again where the loop runs
            self._error = error
        with self._changed:
            self._ended = True
            self._waiting.clear()
            self._changed.notify_all()

    def _next(self) -> tuple[Any, ...] | None:
        with self._changed:
            while not (self._waiting or self._closed):
                self._changed.wait(TICK)
            if not self._waiting:
                return None
            arguments = self._waiting.popleft()
            self._changed.notify_all()
            return arguments

    def _raise(self) -> None:
        if self._error is not None:
            self._told = True
            raise self._error

    def close(self) -> None:
        """Wait until everything is done; raises what went wrong and was not raised yet."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            while not self._ended:  # not `join`: Ctrl-C would make it forget that the thread runs
                self._changed.wait(TICK)
        if not self._told:
            self._raise()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        try:
            self.close()
        except Exception:
            if kind is None:
                raise


class Newest:
    """Calls `work` in a thread of its own with the newest arguments: nobody ever waits for it.

    A call that comes while another waits takes its place. What `work` raises is raised by the next
    call or by `close`, and does not end the thread. `close` does what still waits.
    """

    def __init__(self, work: Callable[..., object]) -> None:
        self._work = work
        self._changed = threading.Condition()
        self._waiting: tuple[Any, ...] | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="bauta-newest", daemon=True)
        self._thread.start()

    def __call__(self, *arguments: Any) -> None:
        """Ask for `work(*arguments)`, unless something newer comes first."""
        self._raise()
        with self._changed:
            self._waiting = arguments
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None and not self._closed:
                    self._changed.wait(TICK)
                if self._waiting is None:
                    return
                arguments, self._waiting = self._waiting, None
            try:
                self._work(*arguments)
            except Exception as error:  # raised again where the loop runs
                self._error = error

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def close(self) -> None:
        """Do what waits and end the thread; raises what went wrong. Again is a no-op."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        while self._thread.is_alive():
            self._thread.join(TICK)
        self._raise()
