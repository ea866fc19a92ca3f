"""Which sources of a long job are done: what `bauta track --resume` goes by.

A file in the folder of results, one line of JSON for each source that was begun, and one when all
of its results were whole. A line that was cut off by a crash counts as not written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bauta.checks import InputError, SinkError, SourceError
from bauta.records import parts_of
from bauta.video.output import STDOUT, make_folder, reporting
from bauta.video.pictures import pictures_in, pictures_matching

NAME = ".bauta_track.jsonl"


@dataclass(frozen=True)
class Entry:
    """A line of the journal."""

    source: str
    """Absolute path of what is read."""
    key: str
    """Hash of the source's files and the settings."""
    results: dict[str, int]
    """Name of each result -> its bytes; 0 while it is being written."""
    done: bool

    @classmethod
    def read(cls, line: bytes) -> Entry:
        """ValueError, KeyError, TypeError or AttributeError for anything but a whole line."""
        entry = json.loads(line)
        results = {str(name): int(size) for name, size in entry["results"].items()}
        return cls(str(entry["source"]), str(entry["key"]), results, entry["done"] is True)


class Journal:
    """The journal of a folder of results; `settings` are those that the results depend on.

    A source is the same when its path is, and size and time of change of its file or its pictures,
    and the settings. A result belongs to whoever wrote it last: to another source it is refused,
    and with other settings it is no longer done. SinkError when the folder cannot be written,
    InputError for standard output.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        if folder == STDOUT:
            raise InputError("--resume: needs a folder of results; name one with --out")
        self.path = folder / NAME
        self._settings = dict(settings)
        self._keys: dict[str, str] = {}  # of sources, as they were when first asked about
        self._done: dict[str, Entry] = {}
        self._last: dict[str, Entry] = {}  # who wrote a result last, by its name
        for entry in self._entries():
            self._learn(entry)

    def complete(self, source: str) -> bool:
        """Whether all results of the source are there, whole, made with the same settings."""
        entry = self._done.get(self._key(source))
        return entry is not None and all(
            self._last[name] is entry and _size(self.path.parent / name) == size
            for name, size in entry.results.items()
        )

    def begin(self, source: str, results: list[Path], force: bool) -> bool:
        """Note that results are about to be written; whether those that are there may be replaced:
        an earlier run of this job made them, or `force`. Nothing is noted when they may not.
        SinkError when they are those of another source."""
        there = [path for path in results if _is_taken(path)]
        if not force:
            for path in there:
                self._refuse_others(path, source)
        ours = all(path.name in self._last for path in there)
        if ours or force:
            self._note(source, dict.fromkeys((path.name for path in results), 0), done=False)
        return ours or force

    def finish(self, source: str, results: list[Path]) -> None:
        """Note that all results of the source are whole; they have been closed."""
        self._note(source, {p.name: _size(p) for p in results if p.exists()}, done=True)

    def _refuse_others(self, path: Path, source: str) -> None:
        entry = self._last.get(path.name)
        if entry is not None and entry.source != os.path.abspath(source):
            raise SinkError(
                f"{path}: holds the results of {entry.source}; name another folder (--out) for "
                f"those of {source}, or pass --force to replace it"
            )

    def _key(self, source: str) -> str:
        if source not in self._keys:
            said = [os.path.abspath(source), _state(source), self._settings]
            text = json.dumps(said, sort_keys=True).encode()
            self._keys[source] = hashlib.sha256(text).hexdigest()
        return self._keys[source]

    def _learn(self, entry: Entry) -> None:
        self._last |= dict.fromkeys(entry.results, entry)
        if entry.done:
            self._done[entry.key] = entry

    def _note(self, source: str, results: dict[str, int], done: bool) -> None:
        entry = Entry(os.path.abspath(source), self._key(source), results, done)
        make_folder(self.path.parent)
        with reporting(self.path), open(self.path, "ab", buffering=0) as file:
            line = json.dumps(asdict(entry)).encode()
            file.write(b"\n" + line + b"\n")  # apart from a line cut off
            os.fsync(file.fileno())
        self._learn(entry)

    def _entries(self) -> Iterator[Entry]:
        if not self.path.exists():
            return
        with reporting(self.path):
            lines = self.path.read_bytes().splitlines()
        for line in lines:
            with suppress(ValueError, KeyError, TypeError, AttributeError):  # empty, or cut off
                yield Entry.read(line)


def _state(source: str) -> list[list[Any]]:
    """Name, size and time of change of each file that a source is read from."""
    path, found = Path(source), []
    if path.is_file():
        found = [path]
    else:
        with suppress(SourceError):  # it is said when the source is opened
            found = pictures_in(path) if path.is_dir() else pictures_matching(source)
    state = []
    for file in found:
        with suppress(OSError):  # a link that leads nowhere
            stat = file.stat()
            state.append([file.name, stat.st_size, stat.st_mtime_ns])
    return state


def _is_taken(path: Path) -> bool:
    """Whether writing to `path` would replace something: a file, or a folder that holds any."""
    if path.is_dir():
        return any(path.iterdir())
    return os.path.lexists(path) or parts_of(path).exists()


def _size(path: Path) -> int:
    """Bytes of a file, or of the frames in a folder; -1 where there is nothing."""
    if path.is_dir():
        return sum(frame.stat().st_size for frame in path.glob("frame_*.png"))
    return path.stat().st_size if path.exists() else -1
