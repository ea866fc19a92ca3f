"""Which sources of a long job are done: what `bauta track --resume` goes by.

A file in the folder of results, one line of JSON for each source that was begun, and one when all
of its results were whole. A line that was cut off by a crash counts as not written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bauta.checks import InputError
from bauta.video.output import STDOUT, make_folder, reporting

NAME = ".bauta_track.jsonl"


class Journal:
    """The journal of a folder of results; `settings` are those that the results depend on.

    A source is the same when its path, size and time of change are, and the settings. SinkError
    when the folder cannot be written, InputError for standard output.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        if folder == STDOUT:
            raise InputError("--resume: needs a folder of results; name one with --out")
        self.path = folder / NAME
        self._settings = dict(settings)
        self._begun: set[str] = set()
        self._done: dict[str, list[str]] = {}
        for entry in self._entries():
            if entry.get("done"):
                self._done[entry["key"]] = entry["results"]
            self._begun.update(entry["results"])

    def complete(self, source: str) -> bool:
        """Whether all results of the source are there, whole, made with the same settings."""
        results = self._done.get(self._key(source))
        return results is not None and all((self.path.parent / name).exists() for name in results)

    def begin(self, source: str, results: list[Path], force: bool) -> bool:
        """Note that results are about to be written; whether those that are there may be replaced:
        an earlier run of this job made them, or `force`. Nothing is noted when they may not."""
        ours = all(path.name in self._begun for path in results if path.exists())
        if ours or force:
            self._note(source, results, done=False)
        return ours or force

    def finish(self, source: str, results: list[Path]) -> None:
        """Note that all results of the source are whole; they have been closed."""
        self._note(source, [path for path in results if path.exists()], done=True)

    def _key(self, source: str) -> str:
        stat = os.stat(source) if os.path.exists(source) else None  # a pattern of pictures
        changed = [stat.st_size, stat.st_mtime_ns] if stat else []
        return json.dumps([os.path.abspath(source), *changed, self._settings], sort_keys=True)

    def _note(self, source: str, results: list[Path], done: bool) -> None:
        names = [path.name for path in results]
        entry = {"key": self._key(source), "results": names, "done": done}
        make_folder(self.path.parent)
        with reporting(self.path), open(self.path, "ab", buffering=0) as file:
            file.write(b"\n" + json.dumps(entry).encode() + b"\n")  # apart from a line cut off
            os.fsync(file.fileno())

    def _entries(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        with reporting(self.path):
            lines = self.path.read_bytes().splitlines()
        for line in lines:
            try:
                entry = json.loads(line)
                known = {"key": str(entry["key"]), "results": [str(n) for n in entry["results"]]}
            except (ValueError, KeyError, TypeError):
                continue  # empty, or cut off
            yield known | {"done": entry.get("done") is True}
