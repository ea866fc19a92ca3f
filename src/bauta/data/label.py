"""Labels a folder of pictures with a model that ships: a start for one's own training set.

    label(Path("pictures"), Path("labels"), ("pts", "json"), LabelSettings())

What is written, in a folder like that of the pictures:

- `pts`: `ann/1.pts`, and `ann/1#2.pts` for a second face: pixel centres count from 1, as in 300W's
  files, which dlib's, menpo's and our own readers expect. The points of `ibug68` are moved to where
  the picture shows them: without the origin of the labels that the model learned from.
- `json`: `labels.jsonl`, a picture a line: box, score, pose and points of each face, in pixels from
  the corner of the first pixel. A picture without a face has an empty list.
- `csv`: `labels.csv`, a face a row, the same numbers.

`labels.json` keeps the settings. A run that was stopped is continued by the same call: pictures
that have their labels are passed over, and nothing that exists is replaced unless `force` is set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

import bauta
from bauta.checks import InputError, SinkError, SourceError, check_choice, check_count
from bauta.data.label_files import FILES, LabelFile
from bauta.data.readers.folder import pictures_under
from bauta.tracker import Faces, face_state
from bauta.types import FaceState
from bauta.video.output import atomic_write, make_folder
from bauta.video.pictures import read_picture

SCHEMES = ("ibug68", "ibug68-3d", "mesh478")


@dataclass(frozen=True)
class LabelSettings:
    """What is looked for, and how."""

    scheme: str = "ibug68"
    """One of `SCHEMES`."""
    model: str = "base"
    """A name that `bauta models` lists, or a path to a bauta `.onnx`."""
    faces: int = 10
    """How many faces of a picture are labelled at most, the surest first."""

    def __post_init__(self) -> None:
        check_choice(self.scheme, SCHEMES, "scheme")
        check_count(self.faces, "faces")


@dataclass
class Summary:
    """What a run did. Names are paths below the folder of the pictures."""

    pictures: int = 0
    """Pictures that were looked at now."""
    faces: int = 0
    kept: int = 0
    """Pictures passed over, since they have their labels."""
    without: list[str] = field(default_factory=list)
    """Pictures without a face."""
    unreadable: list[str] = field(default_factory=list)
    """Why pictures could not be read, a line each."""


def label(
    folder: Path,
    out: Path,
    formats: Sequence[str] = ("pts",),
    settings: LabelSettings | None = None,
    *,
    force: bool = False,
    threads: int = 1,
    after: Callable[[int], None] | None = None,
) -> Summary:
    """Label every picture under `folder` into `out`; `after` is called with the number done.

    Raises SourceError when there is no picture, SinkError when `out` holds labels of other settings
    (without `force`) or cannot be written. Pictures that cannot be read are told in the summary.
    """
    settings = settings or LabelSettings()
    for name in formats:
        check_choice(name, FILES, "format")
    if not formats:
        raise InputError(f"format: expected one or more of {', '.join(FILES)}")
    pictures = pictures_to_label(folder)
    faces = Faces(settings.model, threads)
    make_folder(out)
    _settle(out, settings, force)
    summary = Summary()
    with ExitStack() as stack:
        files = [FILES[name](out, settings.scheme, force) for name in dict.fromkeys(formats)]
        for file in files:
            stack.callback(file.close)
        for done, picture in enumerate(pictures, 1):
            where = picture.relative_to(folder)
            due = [file for file in files if not file.has(where)]
            if due:
                _label_one(picture, where, faces, settings, due, summary)
            else:
                summary.kept += 1
            if after:
                after(done)
    return summary


def pictures_to_label(folder: Path) -> list[Path]:
    """The pictures under a folder; SourceError when there is none, or two share a name."""
    if not folder.is_dir():
        raise SourceError(f"{folder}: no such folder; give a folder of pictures")
    pictures = pictures_under(folder)
    if not pictures:
        raise SourceError(f"{folder}: holds no picture")
    seen: dict[Path, Path] = {}
    for picture in pictures:
        other = seen.setdefault(picture.with_suffix(""), picture)
        if other is not picture:
            raise SourceError(
                f"{picture}: {other.name} beside it would have the same labels; rename one of them"
            )
    return pictures


def _settle(out: Path, settings: LabelSettings, force: bool) -> None:
    """Keep the settings; SinkError when labels of others lie there."""
    path, mine = out / "labels.json", asdict(settings)
    if path.is_file() and not force:
        try:
            found = json.loads(path.read_text())
            theirs = {key: found.get(key) for key in mine}
        except (OSError, ValueError, AttributeError) as error:
            raise SinkError(
                f"{path}: not readable ({error}); pass --force to replace it"
            ) from error
        if theirs != mine:
            raise SinkError(
                f"{path}: the labels there were made with {theirs}, not {mine}; "
                "name another folder, or pass --force to replace them"
            )
        return
    atomic_write(path, (json.dumps({"bauta": bauta.__version__, **mine}, indent=2) + "\n").encode())


def _label_one(
    picture: Path,
    where: Path,
    faces: Faces,
    settings: LabelSettings,
    files: Sequence[LabelFile],
    summary: Summary,
) -> None:
    try:
        image = read_picture(picture)
    except SourceError as error:
        summary.unreadable.append(str(error))
        return
    found = faces.find(image, np.zeros((0, 4)), settings.faces)
    states = [face_state(face, number, 0.0) for number, face in enumerate(found)]
    points = [points_of(state, settings.scheme, faces.regressor.ibug68_offset) for state in states]
    height, width = image.shape[:2]
    for file in files:
        file.write(where, (width, height), states, points)
    summary.pictures += 1
    summary.faces += len(states)
    if not states:
        summary.without.append(where.as_posix())


def points_of(face: FaceState, scheme: str, ibug68_offset: np.ndarray) -> np.ndarray:
    """Points (K, 2 or 3) where the picture shows them; `ibug68` is (68, 2), without its offset."""
    points = face.points(scheme)
    return points[:, :2] - ibug68_offset if scheme == "ibug68" else points
