"""The files of a pack: a folder or a zip file of them, and one shard's labels and pictures."""

from __future__ import annotations

import io
import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bauta.checks import SourceError
from bauta.data.fixed_point import unpack_points


class Store:
    """Files of a folder or of a zip file, by path below it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = None
        if path.is_file():
            try:
                self.archive = zipfile.ZipFile(path)
            except zipfile.BadZipFile as error:
                raise SourceError(
                    f"{path}: neither a pack's folder nor a zip file of one"
                ) from error
        elif not path.is_dir():
            raise SourceError(f"{path}: no such pack; make one with `bauta data pack`")

    def manifests(self) -> list[str]:
        """Paths of every `pack.json`, sorted."""
        if self.archive is None:
            found = [
                item.relative_to(self.path).as_posix() for item in self.path.rglob("pack.json")
            ]
        else:
            found = [item for item in self.archive.namelist() if item.split("/")[-1] == "pack.json"]
        return sorted(found)

    def read(self, name: str) -> bytes:
        """Bytes of a file; SourceError when it is missing or damaged."""
        try:
            return self.archive.read(name) if self.archive else (self.path / name).read_bytes()
        except (KeyError, OSError, zipfile.BadZipFile) as error:
            raise SourceError(f"{self.path}: cannot read {name}: {error}; pack again") from error

    def map(self, name: str) -> np.ndarray:
        """A file as uint8, mapped where it lies in a folder."""
        if (
            self.archive is None
            and (self.path / name).is_file()
            and (self.path / name).stat().st_size
        ):
            return np.memmap(self.path / name, np.uint8, mode="r")
        return np.frombuffer(self.read(name), np.uint8)


class Shard:
    """One part of a pack: up to some thousand rows in two files."""

    def __init__(
        self, store: Store, stem: str, entry: dict[str, Any], pack: dict[str, Any]
    ) -> None:
        self._store, self.stem, self.pack = store, stem, pack
        self.count: int = entry["rows"]
        self._bytes: int = entry["bytes"]
        self._ending = f"{pack['settings']['codec']}s"

    @cached_property
    def _labels(self) -> Any:
        try:
            return np.load(io.BytesIO(self._store.read(f"{self.stem}.npz")), allow_pickle=False)
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise self._damaged("npz", error) from error

    def _damaged(self, ending: str, why: object) -> SourceError:
        return SourceError(
            f"{self._store.path}: {self.stem}.{ending} is damaged ({why}); delete it and pack again"
        )

    def array(self, key: str) -> np.ndarray | None:
        """An array of the labels, None when the shard has none of that name."""
        if key not in self._labels.files:
            return None
        try:
            array = self._labels[key]
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise self._damaged("npz", error) from error
        return array

    def keys(self, prefix: str) -> list[str]:
        """What follows `prefix/` in the names of arrays."""
        start = f"{prefix}/"
        return sorted(k.removeprefix(start) for k in self._labels.files if k.startswith(start))

    def points(self, group: str) -> np.ndarray | None:
        """Points (N, K, D) float32 of `points/<scheme>` or `outline`."""
        mean, maps, rest = (self.array(f"{group}/{part}") for part in ("mean", "maps", "rest"))
        if mean is None or maps is None or rest is None:
            return None
        return unpack_points(mean, maps, rest, self.pack["settings"]["unit"])

    @cached_property
    def _pictures(self) -> np.ndarray:
        data = self._store.map(f"{self.stem}.{self._ending}")
        if len(data) != self._bytes:
            raise self._damaged(self._ending, f"{len(data)} bytes, expected {self._bytes}")
        return data

    @cached_property
    def _offset(self) -> np.ndarray:
        offset = self.array("offset")
        if offset is None or len(offset) != self.count + 1 or offset[-1] != self._bytes:
            raise self._damaged("npz", "its offsets do not fit the pictures")
        return offset

    def encoded(self, row: int) -> np.ndarray:
        """(bytes,) uint8: one crop as it is stored."""
        return self._pictures[self._offset[row] : self._offset[row + 1]]

    def image(self, row: int) -> np.ndarray:
        """(H, W, 3) uint8 RGB of one crop."""
        image = cv2.imdecode(self.encoded(row), cv2.IMREAD_COLOR)
        if image is None:
            raise self._damaged(self._ending, f"row {row} is no picture")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
