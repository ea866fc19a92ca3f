"""`bauta fit`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bauta.checks import InputError, ModelError, SourceError
from bauta.cli.app import app, say, talk

if TYPE_CHECKING:
    from bauta.heads import HeadOptions
    from bauta.types import FaceState

T = TypeVar("T")


@app.command()
def fit(
    photos: Annotated[
        list[Path], typer.Argument(help="Pictures, or folders of them; the surest face of each.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results; made if missing.")
    ] = Path("."),
    same_person: Annotated[
        bool, typer.Option(help="All pictures show one person: one identity explains them all.")
    ] = False,
    model: Annotated[str, typer.Option(help="As for `bauta track`.")] = "base",
    camera: Annotated[Path | None, typer.Option(help="As for `bauta track`.")] = None,
    fov: Annotated[float | None, typer.Option(help="As for `bauta track`.")] = None,
    ipd: Annotated[float | None, typer.Option(help="As for `bauta track`.")] = None,
    force: Annotated[bool, typer.Option(help="Write over existing results.")] = False,
) -> None:
    """Fit the face model to photos: who it is, expression, pose in centimetres, and the mesh.

    Writes NAME.json (a face as in docs/records.md) and NAME.obj (head axes, centimetres) for each
    photo, each as soon as it is fitted. The paths written are printed to stdout. A photo that
    cannot be fitted is told on stderr, the others follow, and the exit code is 1.
    """
    from bauta.heads import read_options
    from bauta.regress.opening import open_regressor

    photos = _listed(photos)
    results = _Results(out, force)
    results.check(photos)
    options = read_options(camera, fov, ipd)
    open_regressor(model)  # a wrong one is said once, not of every photo
    tried = _Tried(only=len(photos) == 1)
    found = (tried(partial(_look, photo, model, options)) for photo in photos)
    seen = (one for one in found if one is not None)
    for one, face in _together(list(seen), options) if same_person else _each(seen, options):
        tried(partial(results.write, one.photo, face, options))
    if tried.failures:
        talk.print(f"{tried.failures} of {len(photos)} photos failed")
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Seen:
    """The surest face of a photo of `size` (width, height), not fitted yet."""

    photo: Path
    state: FaceState
    size: tuple[int, int]


class _Tried:
    """Calls what works on one photo. What it says of the photo is raised for an `only` one, else
    told and counted, and None returned."""

    def __init__(self, only: bool) -> None:
        self.failures, self._only = 0, only

    def __call__(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except (InputError, SourceError) as error:
            if self._only:
                raise
            self.failures += 1
            talk.print(f"bauta: {error}", style="red")
            return None


def _listed(given: list[Path]) -> list[Path]:
    """The photos, those of folders in natural order."""
    from bauta.video.pictures import pictures_in

    return [photo for one in given for photo in (pictures_in(one) if one.is_dir() else [one])]


def _look(photo: Path, model: str, options: HeadOptions) -> _Seen:
    from bauta.tracker import detect_faces
    from bauta.video.pictures import read_picture

    image = read_picture(photo)
    size = (image.shape[1], image.shape[0])
    try:
        options.camera_of(*size)
    except InputError as error:
        raise InputError(f"{photo}: {error}") from error
    faces = detect_faces(image, model, 1, fit=False)
    if not faces:
        raise InputError(f"{photo}: no face was found")
    if not len(faces[0].mesh):
        raise ModelError(f"{model}: does not predict the mesh, which the fit needs")
    return _Seen(photo, faces[0], size)


def _each(seen: Iterable[_Seen], options: HeadOptions) -> Iterator[tuple[_Seen, FaceState]]:
    """Each photo with a head of its own."""
    from bauta.heads import Head

    for one in seen:
        yield one, Head(options.of_photo([one.state], *one.size))(one.state, *one.size)


def _together(seen: list[_Seen], options: HeadOptions) -> Iterator[tuple[_Seen, FaceState]]:
    """All photos with one identity."""
    from bauta.heads import fit_same_person

    states, sizes = [one.state for one in seen], [one.size for one in seen]
    yield from zip(seen, fit_same_person(states, sizes, options), strict=True)


@dataclass(frozen=True)
class _Results:
    """Where records and meshes go."""

    folder: Path
    force: bool

    def paths(self, photo: Path) -> tuple[Path, Path]:
        """Of record and mesh."""
        return self.folder / f"{photo.stem}.json", self.folder / f"{photo.stem}.obj"

    def check(self, photos: list[Path]) -> None:
        """Refuse what can be refused before anything is looked at."""
        from bauta.video.output import check_output

        taken: dict[str, Path] = {}
        for photo in photos:
            if (other := taken.setdefault(photo.stem, photo)) is not photo:
                raise InputError(
                    f"{other}, {photo}: their results would have the same name; "
                    "fit them into different folders (--out)"
                )
            for path in self.paths(photo):
                check_output(path, self.force)

    def write(self, photo: Path, face: FaceState, options: HeadOptions) -> None:
        """Write both of a fitted photo, and say what it shows; InputError when no head fitted."""
        import json

        from bauta.assets.face import face_model
        from bauta.export.mesh import to_obj
        from bauta.video.output import atomic_write

        if face.fit is None:
            raise InputError(f"{photo}: no head of the face model explains the face's points")
        record, mesh = self.paths(photo)
        data = {"photo": photo.name} | options.as_json() | face.to_dict()
        atomic_write(record, json.dumps(data).encode() + b"\n")
        atomic_write(mesh, to_obj(face.fit.vertices(face_model()), face_model()))
        yaw, pitch, roll = face.pose.angles
        talk.print(
            f"{photo.name}: yaw {yaw:.0f}, pitch {pitch:.0f}, roll {roll:.0f} degrees, "
            f"{face.fit.t_camera_head[2]:.0f} cm away, residual {face.fit.residual:.1f} px"
        )
        say(str(record))
        say(str(mesh))
