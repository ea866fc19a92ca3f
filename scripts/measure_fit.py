"""The fit on rendered people of whom everything is known, seen through a model and as ideal points.

python scripts/measure_fit.py [--model base|PATH.onnx] [--people 8] [--pictures 12] [--seed 0]

Full ICT heads where `ict_face.npz` lies with the training data: all its identity modes, 3 to 5
active shapes of 0.2 to 1, any gaze, turned by 20, 10 and 8 degrees (standard deviations), 28 to 220
cm away, under drawn light. Each person is one clip of unrelated pictures; the first two are not
scored but for what they tell about the person. Distances are those of heads with irises of 11.7 mm.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bauta.assets.face import face_model
from bauta.data.teachers import data_root
from bauta.faces import Faces
from bauta.fit import FaceFitter, FitSettings, HeadFit, fit_points
from bauta.fit.scale import IRIS
from bauta.geometry.alignment import umeyama
from bauta.geometry.camera import Camera
from bauta.geometry.rotation import to_angles
from bauta.morphable.arkit import LOOKS
from bauta.schemes import LEFT_IRIS478, RIGHT_IRIS478
from bauta.synth.rendered import truth
from bauta.synth.rendered.canvas import SAMPLES
from bauta.synth.rendered.draw import paint
from bauta.synth.rendered.head import Head, head_in
from bauta.synth.rendered.lens import exposed
from bauta.synth.rendered.look import Look, look_of
from bauta.synth.rendered.moment import OPPOSED, Moment, draw_gaze, looking
from bauta.synth.rendered.stage import draw_stage, scene_of

SPREAD = 0.95
"""Standard deviation of identity coefficients."""
TURNS = (20.0, 10.0, 8.0)
NOISE = 0.01
"""Of ideal points with noise, over the distance of the outer eye corners."""
TELLS = 2
"""Pictures that only tell who it is."""
ENOUGH = 0.2
"""Weight from which a shape counts as there."""
NAMES = face_model().expression_names
FACE = np.array([name not in LOOKS for name in NAMES])
CORNERS = (33, 263)


@dataclass(frozen=True, eq=False)
class Picture:
    """A rendered head with its truth."""

    image: np.ndarray
    mesh: np.ndarray
    """(478, 3) pixels."""
    box: np.ndarray
    view: truth.View
    weights: np.ndarray
    """(E,)"""
    still: np.ndarray
    """(V, 3) of the small head, the person at rest."""


def active(rng: np.random.Generator) -> dict[str, float]:
    """3 to 5 shapes of 0.2 to 1, none of which undoes another."""
    names = [name for name in NAMES if name not in LOOKS]
    chosen = rng.choice(names, rng.integers(3, 6), replace=False).tolist()
    weights = {name: float(rng.uniform(ENOUGH, 1)) for name in chosen}
    for first, second in OPPOSED:
        if first in weights:
            weights.pop(second, None)
    if "mouthClose" in weights:
        weights["mouthClose"] = min(weights["mouthClose"], weights.get("jawOpen", 0.0))
    return weights


def person(head: Head, seed: int) -> Look:
    """Somebody with all modes of the head, whose face nothing hides."""
    look = look_of(head, seed, plain=True)
    rng = np.random.default_rng([seed, 9])
    identity = rng.normal(0, SPREAD, len(head.identity)).astype(np.float32)
    return replace(look, person=replace(look.person, identity=identity), still=head.still(identity))


def pictures(head: Head, seed: int, count: int) -> Iterator[Picture]:
    """Unrelated pictures of one person; the first with a blank face."""
    look, rng = person(head, seed), np.random.default_rng([seed, 10])
    for k in range(count):
        expression, gaze = looking(active(rng) if k else {}, *draw_gaze(rng))
        turn = rng.normal(size=3) * TURNS
        moment = Moment(expression, gaze, (float(turn[0]), float(turn[1]), float(turn[2])))
        stage = draw_stage(rng)
        scene = scene_of(look, stage, moment)
        light, depth, mean = paint(scene, stage.behind)
        image = exposed(light, mean, stage.lens, rng)
        small = scene.vertices[head.label_rows]
        found, box = truth.labels(small, scene.view, depth, SAMPLES)
        still = look.still[head.label_rows]
        yield Picture(
            image, found[0].points, box, scene.view, moment.weights(), still.astype(np.float64)
        )


Seen = tuple[np.ndarray, np.ndarray, float, "np.ndarray | None"]
"""Mesh (478, 3), sigma (478,), confidence, and (E,) what is believed of the expression."""


def eyes(mesh: np.ndarray) -> float:
    """Pixels between the outer corners of the eyes, in profile half the face's height."""
    apart = float(np.linalg.norm(mesh[CORNERS[0], :2] - mesh[CORNERS[1], :2]))
    return max(apart, 0.5 * float(np.ptp(mesh[:468, 1])))


def ideal(noise: float) -> Callable[[Picture], Seen]:
    """The true points with Gaussian noise."""
    rng = np.random.default_rng(0)

    def look(picture: Picture) -> Seen:
        mesh, size = picture.mesh.astype(np.float64), eyes(picture.mesh)
        mesh[:, :2] += rng.normal(size=(478, 2)) * noise * size
        return mesh, np.full(478, max(noise, 0.002) * size), 1.0, None

    return look


def through(faces: Faces) -> Callable[[Picture], Seen | None]:
    """The points of a model, in the crop of the true box turned upright by a first look."""

    def look(picture: Picture) -> Seen | None:
        found = faces.look(picture.image, picture.box, 1.0)
        if found is None:
            return None
        points, sigma = found.points["mesh478"], found.sigma["mesh478"]
        return points, sigma, found.presence, found.blendshapes

    return look


class Tally:
    """Errors over all people."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}

    def add(self, **values: float) -> None:
        """A number under each name."""
        for name, value in values.items():
            self.rows.setdefault(name, []).append(value)

    def mean(self, name: str) -> float:
        """Over all that was added."""
        return float(np.mean(self.rows.get(name, [np.nan])))

    def median(self, name: str) -> float:
        """Over all that was added."""
        return float(np.median(self.rows.get(name, [np.nan])))

    def share(self, name: str, whole: str) -> float:
        """Sum of one over the sum of the other."""
        return sum(self.rows.get(name, [])) / max(sum(self.rows.get(whole, [])), 1e-9)


def iris_size(still: np.ndarray) -> float:
    """Mean diameter of the irises of a head (V, 3), its unit."""
    points = face_model().points("mesh478", still)
    ends = [(ring[1], ring[3]) for ring in (RIGHT_IRIS478, LEFT_IRIS478)]
    return float(np.mean([np.linalg.norm(points[a] - points[b]) for a, b in ends]))


def compare(tally: Tally, picture: Picture, fit: HeadFit) -> None:
    """One picture."""
    R, t = picture.view.R_camera_head, picture.view.translation
    turn = np.degrees(np.arccos(np.clip((np.trace(fit.R_camera_head @ R.T) - 1) / 2, -1, 1)))
    off = np.abs(np.subtract(to_angles(fit.R_camera_head), to_angles(R)))
    tally.add(turn=float(turn), yaw=off[0], pitch=off[1], roll=off[2])
    known = IRIS / iris_size(picture.still)  # a head whose irises are as the fit believes
    tally.add(distance=abs(fit.t_camera_head[2] / (t[2] * known) - 1))
    wrong = np.abs(fit.weights - picture.weights)
    on = (picture.weights > ENOUGH) & FACE
    tally.add(wrong=wrong[on].sum(), there=picture.weights[on].sum())
    looks = (picture.weights > ENOUGH) & ~FACE
    tally.add(wrong_look=wrong[looks].sum(), look=picture.weights[looks].sum())
    tally.add(false=float(fit.weights[FACE & (picture.weights == 0)].mean()))


def skin_error(found: np.ndarray, true: np.ndarray) -> float:
    """Mean distance of the skin of two heads (V, 3), millimetres, after alignment with scale."""
    model = face_model()
    skin = model.of_parts("face")
    s, R, t = umeyama(found[skin], true[skin])
    return float(10 * np.linalg.norm(s * found[skin] @ R.T + t - true[skin], axis=1).mean())


def follow(
    tally: Tally, people: list[list[Picture]], see: Callable[[Picture], Seen | None]
) -> None:
    """Fit every person's pictures in order."""
    model, settings = face_model(), FitSettings(kappa=0.0)  # eyes as the model's
    points = fit_points(model, settings.modes)
    for seen in people:
        one, last = FaceFitter(model, points, settings), None
        for k, picture in enumerate(seen):
            look = see(picture)
            fit = None
            if look is not None:
                one.cut()
                mesh, sigma, confidence, shapes = look
                fit = one(mesh, sigma, Camera(picture.view.camera.K), confidence, shapes)
                away = np.linalg.norm(look[0][:, :2] - picture.mesh[:, :2], axis=1).mean()
                tally.add(
                    points=away / eyes(picture.mesh), sigma=look[1].mean() / eyes(picture.mesh)
                )
            tally.add(lost=float(fit is None))
            last = fit or last
            if fit is not None and k >= TELLS:
                compare(tally, picture, fit)
        if last is not None:
            found = model.vertices(last.identity).astype(np.float64)
            tally.add(identity=skin_error(found, seen[0].still))
            tally.add(nobody=skin_error(model.mean.astype(np.float64), seen[0].still))


def report(name: str, tally: Tally) -> str:
    """Lines to read."""
    away, sigma = 100 * tally.mean("points"), 100 * tally.mean("sigma")
    who, nobody = tally.mean("identity"), tally.mean("nobody")
    return (
        f"{name}: points {away:.2f} % of the eyes off (sigma {sigma:.2f}), "
        f"{100 * tally.mean('lost'):.0f} % not fitted\n"
        f"  turned {tally.median('turn'):.2f} degrees wrong in the median (yaw "
        f"{tally.median('yaw'):.2f}, pitch {tally.median('pitch'):.2f}, roll "
        f"{tally.median('roll'):.2f}), distance {100 * tally.median('distance'):.1f} %\n"
        f"  shapes above {ENOUGH}: {tally.share('wrong', 'there'):.2f} of answering zero, looks "
        f"{tally.share('wrong_look', 'look'):.2f}; shapes that are not there "
        f"{tally.mean('false'):.3f}\n"
        f"  skin {who:.2f} mm off, the mean face {nobody:.2f} mm: "
        f"{100 * (who / nobody - 1):+.0f} %\n"
    )


def main() -> None:
    """Render, fit, compare."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    head = head_in(data_root())
    seeds = range(1000 * options.seed, 1000 * options.seed + options.people)
    people = [list(pictures(head, seed, options.pictures)) for seed in seeds]
    faces = Faces(options.model)
    ways = {"ideal points": ideal(0.0), "1 % noise": ideal(NOISE), options.model: through(faces)}
    for name, see in ways.items():
        tally = Tally()
        follow(tally, people, see)
        sys.stdout.write(report(name, tally))


if __name__ == "__main__":
    main()
