"""Threads that fetch ahead and work behind: order, errors and bounds are those of a plain loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bauta import overlap
from bauta.overlap import Ahead, Behind


def until(condition, seconds: float = 10.0) -> None:
    """Wait for what a thread is about to bring about."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.001)


def counting(stop: int, seen: list[int], fail: bool = False) -> Iterator[int]:
    for i in range(stop):
        seen.append(i)
        yield i
    if fail:
        raise OSError("the end of the tape")


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("bauta-")])


def test_items_come_in_order_and_the_error_after_them():
    got = []
    with Ahead(counting(50, [], fail=True)) as items, pytest.raises(OSError, match="the tape"):  # noqa: PT012
        for item in items:
            got.append(item)
    assert got == list(range(50))


def test_no_more_than_depth_is_fetched_ahead():
    seen: list[int] = []
    with Ahead(counting(100, seen), depth=3) as items:
        until(lambda: len(seen) == 4)  # three wait, one is in hand
        time.sleep(0.05)
        assert len(seen) == 4
        next(iter(items))
        until(lambda: len(seen) == 5)


def test_the_newest_wins_and_what_was_dropped_is_counted():
    seen: list[int] = []
    with Ahead(counting(100, seen), depth=1, newest=True) as items:
        until(lambda: len(seen) == 100)
        assert list(items) == [99]
        assert items.dropped == 99


def test_closing_ends_a_loop_that_waits():
    hold = threading.Event()

    def waiting() -> Iterator[int]:
        hold.wait(10)
        yield 1

    with Ahead(waiting()) as items:
        threading.Timer(0.05, items.close).start()
        threading.Timer(0.1, hold.set).start()
        assert list(items) == []


def test_leaving_early_closes_the_generator_in_its_thread():
    closed = []

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.append(threading.current_thread().name)

    with Ahead(endless()) as items:
        next(iter(items))
    until(lambda: closed == ["bauta-ahead"])


def test_calls_are_made_in_order_and_all_done_at_the_end():
    done: list[int] = []

    def work(i: int) -> None:
        time.sleep(0.001)
        done.append(i)

    with Behind(work) as call:
        for i in range(30):
            call(i)
    assert done == list(range(30))


def test_no_more_than_depth_calls_wait():
    hold, asked = threading.Event(), []

    def ask(call: Behind) -> None:
        for i in range(20):
            call(i)
            asked.append(i)

    with Behind(lambda i: (hold.wait(10), None)[1], depth=3) as call:
        asking = threading.Thread(target=ask, args=(call,))
        asking.start()
        until(lambda: len(asked) == 4)  # three wait, one is being done
        time.sleep(0.05)
        assert len(asked) == 4
        hold.set()
        asking.join()


def test_an_error_of_the_work_reaches_the_next_call_once():
    done: list[int] = []

    def work(i: int) -> None:
        done.append(i)
        if i == 2:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Behind(work) as call:  # noqa: PT012
        for i in range(1000):
            call(i)
    assert done == [0, 1, 2]


def test_an_error_of_the_last_call_is_raised_at_the_end():
    def work() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Behind(work) as call:
        call()


def test_an_error_of_the_loop_is_the_one_seen_and_the_work_is_finished():
    done: list[int] = []
    with pytest.raises(KeyError, match="mine"), Behind(done.append) as call:  # noqa: PT012
        for i in range(3):
            call(i)
        raise KeyError("mine")
    assert done == [0, 1, 2]


def test_a_caller_never_waits_for_work_that_failed(monkeypatch):
    """Full queue, dead worker: the call must raise, not hang."""
    monkeypatch.setattr(overlap, "TICK", 0.01)
    started = threading.Event()

    def work(i: int) -> None:
        started.wait(10)
        raise OSError("gone")

    call = Behind(work, depth=1)
    call(0)
    call(1)
    threading.Timer(0.05, started.set).start()
    with pytest.raises(OSError, match="gone"):
        call(2)
    call.close()
