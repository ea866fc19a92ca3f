"""Several sources in one command: files one after another, what is live side by side."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from bauta import outputs
from bauta.checks import BautaError, InputError, SinkError, SourceError
from bauta.cli.app import Bars, talk
from bauta.cli.jobs import Done, Request
from bauta.overlap import TICK
from bauta.pipeline import Sink, track
from bauta.tracker import Tracker
from bauta.video.frame import Source
from bauta.video.output import STDOUT
from bauta.video.source import PIPED, is_live, videos_of


class Lane:
    """Sources worked through one after another, with one tracker.

    A source that cannot be read, or whose results cannot be written, is one of `failures`; with
    others beside it that is said at once, and the next one follows.
    """

    def __init__(self, sources: Sequence[str], request: Request, bars: Bars, only: bool) -> None:
        self.failures: list[BautaError] = []
        self.error: BaseException | None = None
        self.ended = threading.Event()
        self._sources, self._request, self._bars, self._only = sources, request, bars, only
        self._stopped = threading.Event()
        self._frames: Source | None = None
        self._tracker: Tracker | None = None

    def run(self) -> None:
        """Work through the sources."""
        for source in self._sources:
            if self._stopped.is_set():
                return
            done, results = Done(fit=self._request.following.fit), self._request.results
            try:
                if results.complete(source):
                    talk.print(f"{source}: is done already")
                    continue
                self._follow(source, done)
                if not self._stopped.is_set():
                    results.finish(source, done.where)
            except (SourceError, SinkError) as error:
                self.failures.append(error)
                if not self._only:
                    talk.print(f"bauta: {error}", style="red")
            finally:
                give_memory_back()
                with self._bars.aside():
                    done.report()

    def run_beside(self) -> None:
        """`run` for a thread: what it raises is kept in `error`."""
        try:
            self.run()
        except BaseException as error:  # raised again by who waits for the thread
            self.error = error
        finally:
            self.ended.set()

    def stop(self) -> None:
        """End at the next frame, from another thread."""
        self._stopped.set()
        if self._frames is not None:
            self._frames.close()

    def _follow(self, source: str, done: Done) -> None:
        request = self._request
        with ExitStack() as stack:
            frames = self._frames = stack.enter_context(request.reading.open(source))
            if request.following.fit and frames.size_wh is not None:
                with _blaming(source):  # before anything is written
                    request.following.head.camera_of(*frames.size_wh)
            done.where = request.results.where(source, frames)
            stills = frames.kind == "images" and not request.reading.sequence
            ahead = request.following.look_ahead(frames, stills)
            settings = request.following.as_json() | {"stills": stills}
            tracker = self._fresh_tracker()
            sinks: list[Sink] = []  # they still find out something while they are closed
            stack.callback(lambda: done.warnings.extend(outputs.warnings(sinks)))
            model = request.following.model
            sinks += request.results.open(stack, done.where, frames, model, settings)
            count = stack.enter_context(self._bars.counting(frames.name, frames.frames, "frames"))
            stack.callback(lambda: setattr(done, "dropped", frames.dropped))
            with _blaming(source):  # whose pictures only show their size now
                track(
                    frames,
                    tracker,
                    sinks,
                    stills=stills,
                    summary=done.summary,
                    after=lambda summary: count(summary.frames),
                    stop=self._stopped,
                    ahead=ahead,
                )

    def _fresh_tracker(self) -> Tracker:
        if self._tracker is None:
            self._tracker = self._request.following.tracker()
        self._tracker.reset()
        return self._tracker


@contextmanager
def _blaming(source: str) -> Iterator[None]:
    """A source that does not go with the options is a SourceError: others may."""
    try:
        yield
    except InputError as error:
        raise SourceError(f"{source}: {error}") from error


def give_memory_back() -> None:
    """Have glibc return what was freed. It keeps it for every thread apart, and each source has
    threads of its own: a thousand short videos would take tens of megabytes more than the first."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def follow_all(sources: Sequence[str], request: Request) -> list[BautaError]:
    """Follow the faces of all sources; returns what went wrong with some, when there are several.

    Files, those of folders and patterns of videos too, come one after another; beside them each
    webcam, address and pipe. KeyboardInterrupt when all have finished what they had begun.
    """
    names = [name for source in sources for name in videos_of(source)]
    _check(names, request)
    live = [[name] for name in names if is_live(name)]
    files = [name for name in names if not is_live(name)]
    with Bars() as bars:
        groups = [*live, files] if files else live
        if len(groups) > 1 and request.results.views:
            raise InputError("--show, --page: show one live source, or files; name fewer sources")
        lanes = [Lane(group, request, bars, only=len(names) == 1) for group in groups]
        if len(lanes) == 1:
            lanes[0].run()
        else:
            _side_by_side(lanes)
    failures = [error for lane in lanes for error in lane.failures]
    if len(names) == 1 and failures:
        raise failures[0]
    return failures


def _side_by_side(lanes: Sequence[Lane]) -> None:
    for lane in lanes:
        threading.Thread(target=lane.run_beside, daemon=True).start()
    try:
        _wait(lanes)
    except KeyboardInterrupt:
        for lane in lanes:
            lane.stop()
        _wait(lanes)
        raise
    for lane in lanes:
        if lane.error is not None:
            raise lane.error


def _wait(lanes: Sequence[Lane]) -> None:
    """Until all have ended. Not `join`: Ctrl-C would make it forget that the thread runs."""
    for lane in lanes:
        while not lane.ended.wait(TICK):
            pass


def _check(names: Sequence[str], request: Request) -> None:
    """Refuse sources that would get in each other's way."""
    if request.reading.size_wh() and PIPED not in names:
        raise InputError("--size: is said of raw pictures piped in (-) only; leave it out")
    if len(names) > 1 and request.results.folder == STDOUT:
        raise InputError("--out -: one source at a time; name a folder for the results of several")
    taken: dict[str, str] = {}
    for name in names:
        stem = outputs.stem_of(name)
        if stem in taken:
            raise InputError(
                f"{taken[stem]}, {name}: their results would have the same name, {stem}; "
                "follow them into different folders (--out)"
            )
        taken[stem] = name
