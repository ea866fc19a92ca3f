"""`pack.json` of a pack in the making: what it is, how far it came, and whether it may go on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import SinkError
from bauta.data.cutting import PackSettings
from bauta.data.packs import VERSION
from bauta.video.output import atomic_write, make_folder

FREE = ("shard",)
"""Settings that change no row: a pack may go on with others."""


class Manifest:
    """What is known of a pack, in `state`, and its file. SinkError when the folder holds a pack of
    something else, which names what differs.

    `maker`: what the pictures were made with, for packs of made pictures. Their samples are
    numbered, so these packs may go on with more of them.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        subset: str,
        settings: PackSettings,
        maker: Mapping[str, str] | None = None,
    ) -> None:
        self.path = folder / "pack.json"
        self.maker = maker
        head = {"set": name, "subset": subset, "settings": asdict(settings)}
        if maker is not None:
            head["maker"] = dict(maker)
        self._head: dict[str, Any] = json.loads(json.dumps(head))
        self.state: dict[str, Any] = {
            "version": VERSION,
            "complete": False,
            **self._head,
            "taken": 0,
            "unreadable": {},
            "repeats": 0,
            "shards": [],
        }
        if self.path.exists():
            self._continue()

    def _continue(self) -> None:
        try:
            old = json.loads(self.path.read_text(encoding="utf-8"))
            version, taken = int(old["version"]), int(old["taken"])
            missing = [key for key in self.state if key != "maker" and key not in old]
            if self.maker is not None and "maker" not in old:
                _name_maker(old, self._head["maker"])
            changes = list(_changes({key: old.get(key) for key in self._head}, self._head))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise self._unknown() from error
        if missing or taken < 0:
            raise self._unknown()
        if version != VERSION:
            changes.append(f"version {version}, now {VERSION}")
        if changes:
            raise SinkError(
                f"{self.path}: a pack made with {'; '.join(changes)}; "
                "choose another folder, or ask for the same"
            )
        self.state = old

    def _unknown(self) -> SinkError:
        return SinkError(f"{self.path}: not the description of a pack; delete it")

    def ask_for(self, count: int) -> None:
        """Get ready for `count` made samples in all; SinkError when there are more already."""
        taken = self.state["taken"]
        if count < taken:
            raise SinkError(
                f"{self.path}: has {taken} samples, now {count}; choose another folder, or a "
                f"count of {taken} or more"
            )
        self.state["complete"] &= count == taken

    def digests(self) -> set[int]:
        """Of all crops that are written."""
        found: set[int] = set()
        for entry in self.state["shards"]:
            with np.load(self.path.parent / f"{entry['file']}.npz", allow_pickle=False) as arrays:
                found |= set(arrays["digest"].tolist())
        return found

    def write(self) -> None:
        """Totals over the shards, and the file."""
        shapes: dict[str, list[int]] = {}
        totals: dict[str, Counter] = {key: Counter() for key in ("licences", "splits")}
        for entry in self.state["shards"]:
            for scheme, (K, D) in entry["schemes"].items():
                shapes[scheme] = [K, max(D, shapes.get(scheme, [K, D])[1])]
            for key, total in totals.items():
                total.update(entry[key])
        self.state |= {"schemes": shapes} | {key: dict(total) for key, total in totals.items()}
        for key in ("rows", "faces"):
            self.state[key] = sum(entry[key] for entry in self.state["shards"])
        atomic_write(self.path, json.dumps(self.state, indent=1, ensure_ascii=False).encode())


def check_continues(
    folder: Path, name: str, subset: str, settings: PackSettings, count: int
) -> None:
    """SinkError when `folder` is a file or holds another pack of made samples or more of them than
    `count`: all that can be told before the maker is known."""
    if folder.exists() and not folder.is_dir():
        make_folder(folder)
    try:
        maker = json.loads((folder / "pack.json").read_text(encoding="utf-8"))["maker"]
    except (OSError, ValueError, KeyError, TypeError):
        maker = {}
    known = maker if isinstance(maker, dict) else {}
    Manifest(folder, name, subset, settings, known).ask_for(count)


def kept(folder: Path) -> int:
    """Samples that an interrupted pack has already; 0 where nothing is."""
    try:
        return int(json.loads((folder / "pack.json").read_text(encoding="utf-8"))["taken"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _name_maker(old: dict[str, Any], maker: dict[str, str]) -> None:
    """Packs of before say no maker, and how many there should be behind the seed. They go on, and
    say of how many samples nobody knows what made them."""
    old["subset"] = old["subset"].split(", ")[0]
    old["maker"], old["of_unknown_maker"] = maker, old["taken"]


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What differs, as `side 192, now 64`."""
    for key in dict.fromkeys([*new, *old]):
        there, now = old.get(key), new.get(key)
        if isinstance(there, dict) and isinstance(now, dict):
            yield from _changes(there, now)
        elif there != now and key not in FREE:
            yield f"{key} {_said(there)}, now {_said(now)}"


def _said(value: Any) -> str:
    return "nothing" if value in (None, "", []) else str(value)
