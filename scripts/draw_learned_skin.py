"""Draw docs/synthesis-skin.jpg: the learned skin model, and heads rendered with procedural and
with learned skin.

    python scripts/draw_learned_skin.py [--out docs/synthesis-skin.jpg]

Rows: the mean skin and the first eight modes at -2 deviations, at +2; drawn skins, light to dark;
six people with procedural skin, the same with learned skin. Nobody of the photographs is shown.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from bauta.data.teachers import data_root
from bauta.synth.rendered import look as looks
from bauta.synth.rendered.head import head_in
from bauta.synth.rendered.moment import Moment
from bauta.synth.rendered.series import picture_of
from bauta.synth.rendered.skin_albedo import sheet
from bauta.synth.rendered.skin_learn import skin_of
from bauta.synth.rendered.skin_model import SkinModel
from bauta.synth.rendered.stage import draw_stage
from bauta.video.output import atomic_write

PEOPLE = (1006, 1013, 1001, 1010, 1002, 1014)
YAWS = (0, -20, 25, 0, 15, -35)


def head(seed: int, yaw: float, skin: SkinModel | None) -> np.ndarray:
    """(256, 256, 3) a person in the middle of the picture."""
    rng = np.random.default_rng(seed)
    stage = replace(draw_stage(rng), size=135.0, distance=120.0)
    stage = replace(stage, lens=replace(stage.lens, motion=(0.0, 0.0), blur=0.0, grey=False))
    moment = Moment({}, {"Left": (0.0, 0.0), "Right": (0.0, 0.0)}, (yaw, 0.0, 0.0))
    look = looks.look_of(head_in(data_root()), seed, True, skin)
    return picture_of(look, stage, moment, rng)[0]


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/synthesis-skin.jpg"))
    options = parser.parse_args()
    skin, looks.LEARNED = skin_of(), 1.0
    top = sheet(skin)
    rows = [
        np.concatenate([head(n, yaw, model) for n, yaw in zip(PEOPLE, YAWS, strict=True)], 1)
        for model in (None, skin)
    ]
    below = np.concatenate(rows)
    size = top.shape[1], round(below.shape[0] * top.shape[1] / below.shape[1])
    both = np.concatenate([top, cv2.resize(below, size, interpolation=cv2.INTER_AREA)])
    jpeg = cv2.imencode(".jpg", both[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])[1]
    atomic_write(options.out, jpeg.tobytes())


if __name__ == "__main__":
    main()
