"""A model over a set of pictures, each looked at once and on its own, as the tracker would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bauta import schemes
from bauta.assets.store import read_model
from bauta.checks import InputError, SinkError, check_choice
from bauta.crop import place, roi_of_box
from bauta.data.sample import Sample
from bauta.eval import predictions as store
from bauta.eval.environment import environment
from bauta.eval.faces import labelled_face, true_roi
from bauta.eval.predictions import Predictions
from bauta.eval.truth import Truth
from bauta.faces import PRESENT, Faces, box_of, place_face
from bauta.geometry.rotation import to_angles
from bauta.regress.landmarks import MAIN, Prediction

CROPS = ("detector", "truth")
MOST = 5
"""Faces looked for in a picture."""
PART = 200
"""Faces between two saves."""


@dataclass(frozen=True)
class Predictor:
    """One model and one way to crop. Called with a sample, returns its face or None.

    `detector`: the picture is searched as the tracker does. `truth`: the same looks, but from
    the box of the truth's points, and whatever the network's presence says. Where the points do
    not say how a head lies (`places`), there is one look instead of three.
    """

    model: str
    crops: str
    faces: Faces
    schemes: tuple[str, ...]
    """Schemes that are kept."""
    places: bool
    """The points say how a head lies."""

    @classmethod
    def load(cls, model: str, crops: str = "detector", keep: Iterable[str] = ()) -> Predictor:
        """`keep`: schemes that are needed; all that the model predicts when it lacks one of them,
        or by default. InputError for unknown crops, ModelError for a bad model."""
        faces = Faces(model, any_points=True)
        known, wanted = tuple(faces.regressor.schemes.values()), set(keep)
        kept = tuple(name for name in known if name in wanted) if wanted <= set(known) else known
        check_choice(crops, CROPS, "crops")
        return cls(model, crops, faces, kept or known, _places(known))

    def __call__(self, sample: Sample) -> Prediction | None:
        image = sample.picture()
        if self.crops == "truth":
            first = self.faces.regressor(image, true_roi(sample))
            return self.faces.upright(image, first) if self.places else first
        if self.places:
            return labelled_face(self.faces.find(image, np.zeros((0, 4)), MOST), sample)
        boxes, _ = self.faces.detector(image)
        looks = [self.faces.regressor(image, roi_of_box(box)) for box in boxes[:MOST]]
        return labelled_face([look for look in looks if look.presence >= PRESENT], sample)

    def header(self) -> dict[str, Any]:
        """What a file of predictions says of how they were made."""
        return {
            "model": Path(self.model).stem,
            "sha256": hashlib.sha256(read_model(self.model)).hexdigest(),
            "detector_sha256": hashlib.sha256(read_model("detector")).hexdigest(),
            "ibug68_offset": self.faces.regressor.ibug68_offset.tolist(),
            "crops": self.crops,
            "schemes": list(self.schemes),
            "filter": "none",
            "looks": 3 if self.places else 1,
            **environment(),
        }


def _places(names: tuple[str, ...]) -> bool:
    """Whether the points of a model of these schemes say how a head lies."""
    main = next((name for name in MAIN if name in names), names[0])
    try:
        place(schemes.layout(main), main)
    except InputError:
        return False
    return True


def run(
    samples: Iterable[Sample],
    predictor: Predictor,
    path: Path,
    details: dict[str, Any],
    *,
    truth: Truth | None = None,
    after: Callable[[int], None] | None = None,
) -> Predictions:
    """Predict every sample into `path`, and return what it then holds.

    A finished file of the same model, crops and `details` (data set, subset ...) is read, not made
    again. A run that stopped goes on: parts of `PART` faces lie in `<path>.parts` until all are
    there. `truth` of the samples is stored along when given; `after` is called with the number of
    faces done. InputError when the file or its parts belong to other settings.
    """
    head = predictor.header() | details
    if path.exists():
        done = store.load(path)
        _same(path, done.header, head)
        return done
    folder = path.with_name(path.name + ".parts")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{folder}: cannot be made: {error.strerror}") from error
    parts = list(_parts(samples, predictor, folder, head, after))
    if not parts:
        raise InputError("predict: the set has no faces here; check the path and the subset")
    whole = replace(store.joined(parts, head), truth=truth)
    store.save(path, whole)
    for piece in folder.glob("*.npz"):
        piece.unlink()
    folder.rmdir()
    return whole


def _parts(
    samples: Iterable[Sample],
    predictor: Predictor,
    folder: Path,
    head: dict[str, Any],
    after: Callable[[int], None] | None,
) -> Iterator[Predictions]:
    """Parts in order, read from the folder where a run before has left them."""
    for number, chunk in enumerate(_chunks(samples)):
        piece = folder / f"{number:05}.npz"
        part = store.load(piece) if piece.exists() else None
        if part is not None:
            _same(piece, part.header, head)
        if part is None or part.names.tolist() != [sample.name for sample in chunk]:
            part = _part(chunk, predictor, head, after, number * PART)
            store.save(piece, part)
        elif after:
            after(number * PART + len(chunk))
        yield part


def _chunks(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    chunk: list[Sample] = []
    for sample in samples:
        chunk.append(sample)
        if len(chunk) == PART:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _part(
    chunk: list[Sample],
    predictor: Predictor,
    header: dict[str, Any],
    after: Callable[[int], None] | None,
    done: int,
) -> Predictions:
    count = len(chunk)
    points, sigma = {}, {}
    for scheme in predictor.schemes:
        number = schemes.get(scheme).count
        points[scheme] = np.full((count, number, 3), np.nan, np.float32)
        sigma[scheme] = np.full((count, number), np.nan, np.float32)
    pose = np.full((count, 3), np.nan, np.float32)
    box, score = np.full((count, 4), np.nan, np.float32), np.zeros(count, np.float32)
    for row, sample in enumerate(chunk):
        face = predictor(sample)
        if face is not None:
            for scheme in predictor.schemes:
                values = face.points[scheme]
                points[scheme][row, :, : values.shape[1]] = values
                sigma[scheme][row] = face.sigma.get(scheme, np.nan)
            score[row] = face.presence
            if predictor.places:
                pose[row], box[row] = to_angles(place_face(face).R_camera_head), box_of(face)
        if after:
            after(done + row + 1)
    names = np.array([sample.name for sample in chunk])
    return Predictions(names, points, sigma, pose, box, score, header)


def _same(path: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """InputError when a file was made with other settings; machine and commit may differ."""
    free = set(environment())
    other = sorted(
        key
        for key in found.keys() | wanted.keys()
        if key not in free and found.get(key) != wanted.get(key)
    )
    if other:
        raise InputError(
            f"{path}: holds predictions of another {other[0]} ({found.get(other[0])!r}, now "
            f"{wanted.get(other[0])!r}); remove it or choose another folder"
        )
