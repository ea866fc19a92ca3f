"""From a protocol and a folder to predictions and their result: what `bauta eval` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from bauta.checks import InputError
from bauta.data import catalog, teachers
from bauta.data.sample import Sample
from bauta.eval import predict, truth
from bauta.eval.predictions import Predictions
from bauta.eval.protocols import OWN, Protocol
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
    if protocol is not OWN:
        raise InputError(f"{protocol.name}: say where the set lies: --data FOLDER")
    return teachers.data_root()


def samples(dataset: str, root: Path, subsets: tuple[str, ...]) -> Iterator[Sample]:
    """The samples of some subsets of a set, one subset after the other."""
    for subset in subsets:
        yield from catalog.get(dataset).read(root, subset)


def predictions(
    models: list[str],
    crops: list[str],
    dataset: str,
    root: Path,
    subsets: tuple[str, ...],
    folder: Path,
    after: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Predict a set with every model and every kind of crop into `<model>_<set>_<crops>.npz`.

    Returns the paths. What is there is not made again. `after(file, done, all)` is called once a face.
    """
    listed = list(samples(dataset, root, subsets))
    if not listed:
        raise InputError(f"{dataset}: no faces under {root}; check the path")
    details = {"dataset": dataset, "subset": ", ".join(subsets)}
    files = []
    for model in models:
        for kind in crops:
            path = folder / f"{Path(model).stem}_{dataset}_{kind}.npz"
            predictor = predict.Predictor.load(model, kind)

            def report(done: int, name: str = path.name) -> None:
                if after:
                    after(name, done, len(listed))

            predict.run(listed, predictor, path, details, after=report)
            files.append(path)
    return files


def truth_of(
    files: list[Predictions], protocol: Protocol, dataset: str, root: Path | None
) -> Truth:
    """The truth that the first file carries, else read again from its set.

    InputError when the files are of another set than the one that is asked for.
    """
    for item in files:
        made = item.header.get("dataset", dataset)
        if made != dataset:
            raise InputError(f"{item.label}: holds predictions of {made!r}, not of {dataset!r}")
    stored = next((item.truth for item in files if item.truth is not None), None)
    if stored is not None:
        return stored
    return truth.read(samples(dataset, root_of(protocol, root), protocol.subsets))
