"""The learned skin in the face model's own format: `albedo_mean` and `albedo` of the head that
ships, what reconstruction of a face's colour starts from.

    python -m bauta.synth.rendered.skin_albedo --out face-albedo.npz --sheet skin.png

The pictures that it was learned from are for research only: so is the file.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.morphable.build import principal
from bauta.morphable.file import write_model
from bauta.morphable.model import FaceModel
from bauta.synth.rendered.complexion import colours
from bauta.synth.rendered.head import small_head
from bauta.synth.rendered.person import draw_person, tone
from bauta.synth.rendered.skin_learn import skin_of
from bauta.synth.rendered.skin_model import MOST, SkinModel
from bauta.video.output import atomic_write

PEOPLE = 1000
"""Drawn people of whom the basis is made."""
MODES = 30
SHOWN = 8
"""Modes of the sheet."""
NOTICE = "albedo: learned in part from research-only pictures (YouTube Faces frames)"


def with_albedo(face: FaceModel, skin: SkinModel) -> tuple[FaceModel, float]:
    """The shipped face model with an albedo basis, and the share of the variance that it tells: the
    principal components, linear RGB, of drawn people's colours without make-up. Tones are those of
    `person.tone`, from the lightest to the darkest; what lies on them is the model's."""
    people = (draw_person(number, plain=True) for number in range(PEOPLE))
    bare = (replace(p, lipstick=None, eyeshadow=None, liner=0.0) for p in people)
    found = np.stack([colours(small_head(), p, skin)[: len(face.mean)] for p in bare])
    built = principal(found.astype(np.float64), modes=MODES)
    model = replace(
        face,
        albedo_mean=built.mean.astype(np.float32),
        albedo=built.modes.astype(np.float32),
        licence=f"{face.licence}; {NOTICE}",
    )
    return model, float(built.explained[MODES - 1])


def sheet(skin: SkinModel) -> np.ndarray:
    """uint8 RGB, three rows: the mean skin and modes at minus `MOST` deviations, the same at plus,
    drawn skins from light to dark. Nobody of the photographs is in it."""
    parts, usual = np.concatenate([skin.mean[None], skin.modes]), tone(0.25, 0.3)
    one, rng = np.eye(len(parts)), np.random.default_rng(0)
    rows = [
        [(one[0] + (k > 0) * sign * MOST * one[k], usual) for k in range(SHOWN + 1)]
        for sign in (-1, 1)
    ]
    rows.append([(skin.drawn(rng), tone(m, 0.3)) for m in np.linspace(0.05, 0.9, SHOWN + 1)])
    tiles = [[colour * np.exp(np.tensordot(c, parts, 1)) for c, colour in row] for row in rows]
    light = np.concatenate([np.concatenate(row, 1) for row in tiles])
    return np.rint(np.clip(light, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def main() -> None:
    """Write the shipped face model with a learned albedo basis."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("face-albedo.npz"))
    parser.add_argument("--data", type=Path, help="folder of the training data")
    parser.add_argument("--sheet", type=Path, help="picture of the skin model, .png")
    options = parser.parse_args()
    skin = skin_of(options.data, lambda done: sys.stderr.write(f"\rskin: {done:3d} %"))
    model, told = with_albedo(face_model(), skin)
    write_model(options.out, model, half=True)
    if options.sheet is not None:
        atomic_write(options.sheet, cv2.imencode(".png", sheet(skin)[..., ::-1])[1].tobytes())
    sys.stdout.write(
        f"{options.out}: {MODES} modes, {told:.1%} of the variance of {PEOPLE} drawn people; skin: "
        f"{skin.people} photographed people, {len(skin.modes)} modes, {skin.explained.sum():.1%}\n"
    )


if __name__ == "__main__":
    main()
