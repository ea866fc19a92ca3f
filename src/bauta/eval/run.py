"""From a protocol and a folder to predictions and their result: what `bauta eval` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from bauta.checks import InputError
from bauta.data import catalog, teachers
from bauta.data.sample import Sample
from bauta.data.splits import SPLITS, split_of_sample
from bauta.eval import predict, truth
from bauta.eval.predictions import Predictions
from bauta.eval.protocol import Protocol
from bauta.eval.protocols import OWN
from bauta.eval.truth import Truth


def choose(protocol: Protocol, dataset: str) -> str:
    """The data set, by default the protocol's usual one; InputError when it is none of its own."""
    name = dataset or protocol.datasets[0]
    if name not in protocol.datasets:
        known = ", ".join(protocol.datasets)
        raise InputError(f"{protocol.name}: is not for the set {name!r}; choose one of {known}")
    return name


def root_of(protocol: Protocol, root: Path | None) -> Path:
    """The folder of the set; only our own sets have a usual place."""
    if root is not None:
        return root
    if protocol.name != OWN.name:  # `--split` makes a copy of it
        raise InputError(f"{protocol.name}: say where the set lies: --data FOLDER")
    return teachers.data_root()


def samples(dataset: str, root: Path, subsets: tuple[str, ...]) -> Iterator[Sample]:
    """The samples of some subsets of a set, one subset after the other.

    Where a set has no part of its own named `train`, `val` or `test`, that is the people (pictures,
    where nobody knows whom they show) that packs give that split.
    """
    known = catalog.get(dataset)
    for subset in subsets:
        if subset in SPLITS and subset not in known.subsets:
            yield from (
                sample for sample in known.read(root, "") if split_of_sample(sample) == subset
            )
        else:
            yield from known.read(root, subset)


def predictions(
    listed: list[Sample],
    models: list[str],
    crops: list[str],
    dataset: str,
    subsets: tuple[str, ...],
    folder: Path,
    *,
    keep: Iterable[str] = (),
    keep_truth: bool = False,
    after: Callable[[int], None] | None = None,
) -> list[Path]:
    """Predict a set with every model and every kind of crop into `<model>_<set>_<crops>.npz`.

    `keep` names the schemes that are needed (`Predictor.load`); `keep_truth` stores the truth
    along, to score where the set is not. What is there is not made again. `after` is called with
    the number of faces done in all. Returns the paths.
    """
    if not listed:
        raise InputError(f"{dataset}: no faces in {', '.join(subsets)}; check the folder")
    details = {"dataset": dataset, "subset": ", ".join(subsets)}
    known = truth.read(listed) if keep_truth else None
    files = []
    for model in models:
        for kind in crops:
            path = folder / f"{Path(model).stem}_{dataset}_{kind}.npz"
            predictor = predict.Predictor.load(model, kind, keep)

            def report(done: int, before: int = len(files) * len(listed)) -> None:
                if after:
                    after(before + done)

            predict.run(listed, predictor, path, details, truth=known, after=report)
            files.append(path)
    return files


def pictures(listed: list[Sample]) -> Callable[[str], np.ndarray]:
    """Reads the picture of a name."""
    known = {sample.name: sample.picture for sample in listed}
    return lambda name: known[name]()


def samples_of(
    files: list[Predictions], protocol: Protocol, dataset: str, root: Path | None
) -> list[Sample]:
    """The samples that files of predictions were made from, as their headers say, else those of
    the protocol. InputError when they are of different sets or subsets."""
    usual = ", ".join(protocol.subsets)
    made = {(f.header.get("dataset", ""), f.header.get("subset", usual)) for f in files}
    names = {name for name, _ in made if name} | ({dataset} if dataset else set())
    subsets = {subset for _, subset in made}
    if len(names) > 1 or len(subsets) > 1:
        raise InputError(
            f"predictions of different pictures cannot be compared: sets {sorted(names)}, "
            f"subsets {sorted(subsets)}"
        )
    name = choose(protocol, next(iter(names), ""))
    return list(samples(name, root_of(protocol, root), tuple(subsets.pop().split(", "))))


def truth_of(files: list[Predictions], listed: Callable[[], list[Sample]]) -> Truth:
    """The truth that a file carries, else read again from the samples."""
    stored = next((item.truth for item in files if item.truth is not None), None)
    return stored if stored is not None else truth.read(listed())
