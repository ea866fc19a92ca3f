"""`bauta fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bauta.checks import InputError
from bauta.cli.app import app, say, talk


@app.command()
def fit(
    photos: Annotated[list[Path], typer.Argument(help="Pictures; the surest face of each.")],
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
    photo. The paths written are printed to stdout; a photo without a face is an error.
    """
    import json

    from bauta.assets.face import face_model
    from bauta.export.mesh import to_obj
    from bauta.heads import Head, fit_same_person, read_options
    from bauta.tracker import detect_faces
    from bauta.video.output import atomic_write, check_output
    from bauta.video.pictures import read_picture

    stems = [photo.stem for photo in photos]
    if len(set(stems)) < len(stems):
        raise InputError("photos: two of them have the same name; results are named after them")
    targets = [(out / f"{stem}.json", out / f"{stem}.obj") for stem in stems]
    for path in (path for pair in targets for path in pair):
        check_output(path, force)
    options = read_options(camera, fov, ipd)
    states, sizes = [], []
    for photo in photos:
        image = read_picture(photo)
        faces = detect_faces(image, model, 1, fit=False)
        if not faces:
            raise InputError(f"{photo}: no face was found")
        if not len(faces[0].mesh):
            raise InputError(f"{model}: does not predict the mesh, which the fit needs")
        states.append(faces[0])
        sizes.append((image.shape[1], image.shape[0]))
    if same_person:
        fitted = fit_same_person(states, sizes, options)
    else:
        fitted = [
            Head(options.of_photo([state], *size))(state, *size)
            for state, size in zip(states, sizes, strict=True)
        ]
    for photo, face, (record, mesh) in zip(photos, fitted, targets, strict=True):
        if face.fit is None:
            raise InputError(f"{photo}: no head of the face model explains the face's points")
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
