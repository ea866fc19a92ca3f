"""Writes packs (`bauta.data.packs`): every face of a set cropped once, with room around it.

Shard by shard, each file replaced as a whole: an interrupted pack is continued by the same call,
which reads over the samples that complete shards hold.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import SourceError
from bauta.data.cutting import PackSettings, Row, try_cut
from bauta.data.fixed_point import pack_points
from bauta.data.manifest import Manifest
from bauta.data.sample import Labels, Sample
from bauta.data.splits import split_of_sample
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
    of_unknown_maker: int = 0
    """Made samples from before packs kept what made them."""


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
        "split": np.array([split_of_sample(s) for s in samples]),
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


def _cuts(
    samples: Iterable[Sample], settings: PackSettings, workers: Executor, ahead: int
) -> Iterator[tuple[Sample, Row | str]]:
    """Samples in order, each cut by one of the `workers`; at most `ahead` wait."""
    waiting: deque[tuple[Sample, Future[Row | str]]] = deque()
    for sample in samples:
        waiting.append((sample, workers.submit(try_cut, sample, settings)))
        if len(waiting) > ahead:
            first, cut = waiting.popleft()
            yield first, cut.result()
    for sample, cut in waiting:
        yield sample, cut.result()


def _behind(samples: Iterable[Sample], skip: int) -> Iterator[Sample]:
    """The samples behind the first `skip`, which a sequence is not asked for."""
    if isinstance(samples, Sequence):
        return (samples[index] for index in range(skip, len(samples)))
    return itertools.islice(iter(samples), skip, None)


class _Packing:
    """A pack in the making: takes cut samples, writes them shard by shard."""

    def __init__(self, manifest: Manifest, settings: PackSettings) -> None:
        self.manifest, self.settings = manifest, settings
        self.state, self.seen = manifest.state, manifest.digests()

    def shard(self, cuts: Iterable[tuple[Sample, Row | str]], after: Callable[[int], None]) -> bool:
        """Write what is cut as one shard; False when that was nothing. `after` is called with the
        number of samples used so far, once a sample."""
        rows: list[Row] = []
        unreadable: dict[str, str] = {}
        repeats, done, before = 0, 0, self.state["taken"]
        for sample, row in cuts:
            if isinstance(row, str):
                unreadable[sample.name] = row
            elif row.digest in self.seen:
                repeats += 1
            else:
                self.seen.add(row.digest)
                rows.append(row)
            done += 1
            after(before + done)
        if not done:
            return False
        if rows:
            folder, stem = self.manifest.path.parent, f"{len(self.state['shards']):05d}"
            self.state["shards"].append(_write_shard(folder, stem, rows, self.settings))
        self.state["unreadable"] |= unreadable
        self.state["repeats"] += repeats
        self.state["taken"] = before + done
        self.manifest.write()
        return True


def pack(
    samples: Iterable[Sample],
    folder: Path,
    name: str,
    settings: PackSettings | None = None,
    subset: str = "",
    threads: int = 2,
    after: Callable[[int], None] = lambda taken: None,
    maker: Mapping[str, str] | None = None,
) -> Report:
    """Write the samples of set `name` into `folder`; an interrupted pack is continued.

    Pictures that cannot be read are left out and named; so are exact repeats of a crop. `after` is
    called with the number of samples used so far, once a sample. A `maker`, what made pictures were
    made with, says that `samples` is a sequence of numbered ones: a pack of fewer of them goes on,
    one of another maker does not. SinkError when the folder holds something else, naming what
    differs, or cannot be written; SourceError when nothing could be read.
    """
    settings = settings or PackSettings()
    make_folder(folder)
    manifest = Manifest(folder, name, subset, settings, maker)
    if maker is not None and isinstance(samples, Sequence):
        manifest.ask_for(len(samples))
    state = manifest.state
    if not state["complete"]:
        packing, left = _Packing(manifest, settings), _behind(samples, state["taken"])
        with ThreadPoolExecutor(threads) as workers:

            def next_cuts() -> Iterator[tuple[Sample, Row | str]]:
                part = itertools.islice(left, settings.shard)
                return _cuts(part, settings, workers, 2 * threads)

            while packing.shard(next_cuts(), after):
                pass
        if not state["shards"]:
            first = next(iter(state["unreadable"].items()), ("no samples", "the set is empty"))
            raise SourceError(f"{name}: nothing to pack; {first[0]}: {first[1]}")
        state["complete"] = True
        manifest.write()
    unknown = state.get("of_unknown_maker", 0)
    return Report(state["rows"], state["unreadable"], state["repeats"], unknown)
