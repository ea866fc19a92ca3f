"""Writes packs (`bauta.data.packs`): every face of a set cropped once, with room around it.

Shard by shard, each file replaced as a whole: an interrupted pack is continued by the same call,
which reads over the samples that complete shards hold.
"""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import SinkError, SourceError
from bauta.data.cutting import PackSettings, Row, try_cut
from bauta.data.fixed_point import pack_points
from bauta.data.packs import VERSION
from bauta.data.sample import Labels, Sample
from bauta.data.splits import split_of
from bauta.geometry import affine
from bauta.video.output import atomic_write, make_folder


@dataclass(frozen=True)
class Report:
    """What came of a pack."""

    rows: int
    """Crops written, those of earlier calls included."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Sample name -> why its picture could not be used."""
    repeats: int = 0
    """Samples left out because the very same crop was there already."""


def _split(sample: Sample) -> str:
    return split_of(sample.person or sample.name.split("#")[0])


def _labels(sample: Sample, wanted: tuple[str, ...]) -> dict[str, Labels]:
    """The first labels in each scheme."""
    found: dict[str, Labels] = {}
    for labels in sample.labels:
        if not wanted or labels.scheme in wanted:
            found.setdefault(labels.scheme, labels)
    return found


def _scheme_arrays(rows: list[Row], wanted: tuple[str, ...], unit: int) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    labels = [_labels(row.sample, wanted) for row in rows]
    for scheme in sorted(set().union(*labels)):
        having = [
            (i, row.transform, labels[i][scheme])
            for i, row in enumerate(rows)
            if scheme in labels[i]
        ]
        K, D = len(having[0][2].points), max(item.points.shape[1] for _, _, item in having)
        points = np.full((len(rows), K, D), np.nan, np.float32)
        weight = np.ones((len(rows), K), np.float16)
        visible = np.full((len(rows), K), -1, np.int8)
        for i, T, item in having:
            points[i, :, : item.points.shape[1]] = affine.apply(T, item.points)
            weight[i] = 1 if item.weight is None else item.weight
            visible[i] = -1 if item.visible is None else item.visible
        arrays |= {f"points/{scheme}/{k}": v for k, v in pack_points(points, unit).items()}
        if (weight != 1).any():
            arrays[f"weight/{scheme}"] = weight
        if (visible >= 0).any():
            arrays[f"visible/{scheme}"] = visible
    return arrays


def _number(value: object) -> float:
    return float(value) if isinstance(value, bool | int | float | np.number) else np.nan


def _arrays(rows: list[Row], settings: PackSettings) -> dict[str, np.ndarray]:
    """The labels of a shard, as `bauta.data.packs` lists them."""
    samples = [row.sample for row in rows]
    boxes = [np.full(4, np.nan) if s.box is None else s.box for s in samples]
    corners = [
        affine.apply(r.transform, np.reshape(b, (2, 2))) for r, b in zip(rows, boxes, strict=True)
    ]
    wanted = settings.schemes
    arrays = {
        "offset": np.cumsum([0, *(len(row.picture) for row in rows)]),
        "face": np.array([bool(_labels(s, wanted)) for s in samples]),
        "frame": np.array([row.frame for row in rows], np.float32),
        "rect": np.array([row.rect for row in rows], np.float32),
        "transform": np.array([row.transform for row in rows], np.float64),
        "box": np.array(corners, np.float32).reshape(-1, 4),
        "pose": np.array(
            [(np.nan,) * 3 if s.pose is None else s.pose for s in samples], np.float32
        ),
        "split": np.array([_split(s) for s in samples]),
        "digest": np.array([row.digest for row in rows], np.uint64),
    }
    for key in ("name", "person", "subset", "licence"):
        arrays[key] = np.array([getattr(s, key) for s in samples], str)
    outlines = np.stack([row.outline for row in rows])
    arrays |= {f"outline/{k}": v for k, v in pack_points(outlines, settings.unit).items()}
    for name in sorted({name for s in samples for name in s.attributes}):
        values = [_number(s.attributes.get(name)) for s in samples]
        if np.isfinite(values).any():
            arrays[f"attribute/{name}"] = np.array(values, np.float32)
    return arrays | _scheme_arrays(rows, wanted, settings.unit)


def _write_shard(
    folder: Path, stem: str, rows: list[Row], settings: PackSettings
) -> dict[str, Any]:
    """The two files of a shard; its entry in `pack.json`."""
    arrays = _arrays(rows, settings)
    memory = io.BytesIO()
    np.savez_compressed(memory, allow_pickle=False, **arrays)  # type: ignore[arg-type]
    data = b"".join(row.picture for row in rows)
    atomic_write(folder / f"{stem}.{settings.codec}s", data)
    atomic_write(folder / f"{stem}.npz", memory.getvalue())
    mean = "/mean"
    shapes = {
        key.split("/")[1]: list(value.shape)
        for key, value in arrays.items()
        if key.startswith("points/") and key.endswith(mean)
    }
    licences = dict(Counter(row.sample.licence for row in rows))
    splits = dict(Counter(arrays["split"].tolist()))
    entry = {
        "file": stem,
        "rows": len(rows),
        "faces": int(arrays["face"].sum()),
        "bytes": len(data),
    }
    return entry | {"schemes": shapes, "licences": licences, "splits": splits}


class _Manifest:
    """`pack.json` of a pack in the making."""

    def __init__(self, folder: Path, name: str, subset: str, settings: PackSettings) -> None:
        self.path = folder / "pack.json"
        self.head = {"set": name, "subset": subset, "settings": asdict(settings)}
        self.state: dict[str, Any] = {
            "version": VERSION,
            "complete": False,
            **json.loads(json.dumps(self.head)),
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
            same = old["version"] == VERSION and all(old[k] == self.state[k] for k in self.head)
        except (ValueError, KeyError, OSError) as error:
            raise SinkError(f"{self.path}: not the description of a pack; delete it") from error
        if not same:
            raise SinkError(
                f"{self.path}: a pack of another set or with other settings; choose another folder"
            )
        self.state = old

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


def _groups(samples: Iterable[Sample], size: int, skip: int) -> Iterator[list[Sample]]:
    """Lists of `size` samples behind the first `skip`, which a sequence is not asked for."""
    if isinstance(samples, Sequence):
        left = (samples[index] for index in range(skip, len(samples)))
    else:
        left = itertools.islice(iter(samples), skip, None)
    while group := list(itertools.islice(left, size)):
        yield group


def pack(
    samples: Iterable[Sample],
    folder: Path,
    name: str,
    settings: PackSettings | None = None,
    subset: str = "",
    threads: int = 2,
    after: Callable[[int], None] = lambda taken: None,
) -> Report:
    """Write the samples of set `name` into `folder`; an interrupted pack is continued.

    Pictures that cannot be read are left out and named; so are exact repeats of a crop. `after` is
    called with the number of samples used so far, once a shard. SinkError when the folder holds
    something else or cannot be written; SourceError when nothing could be read.
    """
    settings = settings or PackSettings()
    make_folder(folder)
    manifest = _Manifest(folder, name, subset, settings)
    state, seen = manifest.state, manifest.digests()
    if not state["complete"]:
        with ThreadPoolExecutor(threads) as workers:
            for group in _groups(samples, settings.shard, state["taken"]):
                cuts = list(workers.map(lambda s: try_cut(s, settings), group))
                rows: list[Row] = []
                for sample, row in zip(group, cuts, strict=True):
                    if isinstance(row, str):
                        state["unreadable"][sample.name] = row
                    elif row.digest in seen:
                        state["repeats"] += 1
                    else:
                        seen.add(row.digest)
                        rows.append(row)
                if rows:
                    stem = f"{len(state['shards']):05d}"
                    state["shards"].append(_write_shard(folder, stem, rows, settings))
                state["taken"] += len(group)
                manifest.write()
                after(state["taken"])
        if not state["shards"]:
            first = next(iter(state["unreadable"].items()), ("no samples", "the set is empty"))
            raise SourceError(f"{name}: nothing to pack; {first[0]}: {first[1]}")
        state["complete"] = True
        manifest.write()
    return Report(state["rows"], state["unreadable"], state["repeats"])
