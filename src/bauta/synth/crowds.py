"""Several people in one picture who cross, leave, come back: where each is, is known.

Cut-outs of rendered heads, or of photographs, move over a background along ways of a scenario.
Whoever is nearer hides the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from bauta.geometry import boxes
from bauta.synth.rendered import truth
from bauta.synth.rendered.canvas import SAMPLES
from bauta.synth.rendered.head import head_in
from bauta.synth.rendered.look import look_of
from bauta.synth.rendered.moment import Moment
from bauta.synth.rendered.series import picture_of
from bauta.synth.rendered.stage import draw_stage

SIZE_WH = (640, 360)
RATE = 25.0
SEEN = 0.5
"""Share of a face's box that no nearer face covers, from which it is there to be found."""

FOUND = 0.4
"""Overlap (IoU) from which a box is this face's."""

Way = Callable[[float], tuple[float, float, float] | None]
"""Seconds -> centre x, y and width of a face in pixels, None while it is not there."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """A head without what is behind it."""

    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    alpha: np.ndarray
    """(H, W) float32, 0..1."""
    box: np.ndarray
    """(4,) of the face."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """Who goes where: `ways` of the people by number, the nearest first; `scene` says at a time
    which background is seen."""

    name: str
    seconds: float
    ways: Mapping[int, Way]
    scene: Callable[[float], int] = lambda time: 0


@dataclass(frozen=True, eq=False)
class CrowdFrame:
    """A picture and who is in it."""

    time: float
    image: np.ndarray
    boxes: dict[int, np.ndarray]
    """Person -> box of the face, of all that are seen."""


def rendered_person(seed: int) -> Cutout:
    """The head of somebody nobody photographed, nearly frontal."""
    rng = np.random.default_rng([seed, 5])
    look = look_of(head_in(None), seed)
    turn = (float(rng.uniform(-15, 15)), float(rng.uniform(-5, 5)), float(rng.uniform(-6, 6)))
    still = {"Left": (0.0, 0.0), "Right": (0.0, 0.0)}
    moment = Moment({"mouthSmileLeft": 0.3, "mouthSmileRight": 0.3}, still, turn)
    image, scene, depth = picture_of(look, draw_stage(rng), moment, rng)
    side = image.shape[:2][::-1]
    alpha = cv2.resize(np.isfinite(depth).astype(np.float32), side, interpolation=cv2.INTER_AREA)
    found, _ = truth.labels(scene.vertices[scene.head.label_rows], scene.view, depth, SAMPLES)
    return Cutout(image, alpha, boxes.of_points(found[0].points))


def photographed_person(image: np.ndarray, box: np.ndarray) -> Cutout:
    """The head in a photograph (H, W, 3) whose face is in `box` (4,), cut out as an ellipse."""
    height, width = image.shape[:2]
    alpha = np.zeros((height, width), np.float32)
    center = (box[:2] + box[2:]) / 2 - [0, 0.08 * (box[3] - box[1])]
    axes = (box[2:] - box[:2]) * [0.62, 0.68]
    at, reach = np.rint(center).astype(int).tolist(), np.rint(axes).astype(int).tolist()
    cv2.ellipse(alpha, at, reach, 0, 0, 360, 1.0, -1)
    return Cutout(image, cv2.GaussianBlur(alpha, (0, 0), 2.0), np.asarray(box, np.float64))


def background(number: int) -> np.ndarray:
    """(360, 640, 3) uint8: a room that shows nobody; each number another."""
    rng = np.random.default_rng([number, 17])
    rough = rng.uniform(60, 190, (5, 8, 1)) + rng.uniform(-15, 15, (5, 8, 3))
    fine = rng.uniform(-20, 20, (45, 80, 1)) + rng.uniform(-4, 4, (45, 80, 3))
    image = cv2.resize(rough.astype(np.float32), SIZE_WH, interpolation=cv2.INTER_CUBIC)
    image += cv2.resize(fine.astype(np.float32), SIZE_WH, interpolation=cv2.INTER_LINEAR)
    return np.clip(image, 0, 255).astype(np.uint8)


def play(scenario: Scenario, people: list[Cutout], seed: int = 0) -> Iterator[CrowdFrame]:
    """The frames of a scenario, with a camera's noise."""
    rng = np.random.default_rng([seed, 23])
    rooms: dict[int, np.ndarray] = {}
    for count in range(round(scenario.seconds * RATE)):
        time = count / RATE
        room = scenario.scene(time)
        image = rooms.setdefault(room, background(room)).astype(np.float32)
        placed: dict[int, np.ndarray] = {}
        for person, way in reversed(list(scenario.ways.items())):
            where = way(time)
            if where is not None:
                image, placed[person] = _paste(image, people[person], *where)
        image += rng.normal(0, 2.0, image.shape)
        nearer = [person for person in scenario.ways if person in placed]
        yield CrowdFrame(
            time, np.clip(np.rint(image), 0, 255).astype(np.uint8), _seen(placed, nearer)
        )


def _paste(
    image: np.ndarray, person: Cutout, x: float, y: float, width: float
) -> tuple[np.ndarray, np.ndarray]:
    scale = width / float(person.box[2] - person.box[0])
    shift = np.array([x, y]) - scale * (person.box[:2] + person.box[2:]) / 2
    T = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    colour = cv2.warpAffine(person.image.astype(np.float32), T, SIZE_WH)
    alpha = cv2.warpAffine(person.alpha, T, SIZE_WH)[..., None]
    box = person.box * scale + np.concatenate([shift, shift])
    return image * (1 - alpha) + colour * alpha, box


def _seen(placed: dict[int, np.ndarray], nearer: list[int]) -> dict[int, np.ndarray]:
    """Boxes of the faces that are seen, `nearer` persons first."""
    width, height = SIZE_WH
    hidden = np.zeros((height, width), bool)
    out = {}
    for person in nearer:
        box = placed[person]
        x1, y1, x2, y2 = np.clip(np.rint(box), 0, [width, height] * 2).astype(int)
        free = (~hidden[y1:y2, x1:x2]).sum()
        if free >= SEEN * boxes.area(box):
            out[person] = box
        hidden[y1:y2, x1:x2] = True
    return out


def straight(start: tuple[float, float], end: tuple[float, float], seconds: float, width: float):
    """Way from a place to another in `seconds`, there and then."""

    def way(time: float) -> tuple[float, float, float]:
        share = float(np.clip(time / seconds, 0, 1))
        share = share * share * (3 - 2 * share)
        x, y = np.array(start) + share * (np.array(end) - start)
        return float(x), float(y), width

    return way


def between(way: Way, start: float, end: float) -> Way:
    """A way that is there only from `start` to before `end` seconds, timed from `start`."""
    return lambda time: way(time - start) if start <= time < end else None


def either(*ways: Way) -> Way:
    """The first way that is there."""

    def one(time: float) -> tuple[float, float, float] | None:
        return next((where for way in ways if (where := way(time)) is not None), None)

    return one


def switches(answers: list[tuple[CrowdFrame, dict[int, np.ndarray]]]) -> tuple[int, int, float]:
    """How often a person has another id than when last found, how often an id has another person
    than before, and the share of faces that were found. `answers`: frames, and box by id."""
    of_person: dict[int, int] = {}
    of_id: dict[int, int] = {}
    changed = taken = there = found = 0
    for frame, known in answers:
        there += len(frame.boxes)
        for person, id in _matched(frame.boxes, known).items():
            found += 1
            changed += of_person.get(person, id) != id
            taken += of_id.get(id, person) != person
            of_person[person], of_id[id] = id, person
    return changed, taken, found / max(there, 1)


def _matched(there: dict[int, np.ndarray], known: dict[int, np.ndarray]) -> dict[int, int]:
    """Id of each person in `there` whose box overlaps with one in `known`, the best pairs first."""
    overlap = {
        (person, id): boxes.iou(box[None], other[None])[0, 0]
        for person, box in there.items()
        for id, other in known.items()
    }
    out: dict[int, int] = {}
    for (person, id), share in sorted(overlap.items(), key=lambda pair: -pair[1]):
        if share >= FOUND and person not in out and id not in out.values():
            out[person] = id
    return out


LEFT, RIGHT, MIDDLE = (140.0, 190.0), (500.0, 190.0), (320.0, 190.0)


def _pass(time: float) -> float:
    """Where two people who cross are on their ways, 0..1: slowly while one hides the other."""
    return float(np.interp(time, [0, 1.5, 2.1, 3.6], [0, 0.48, 0.52, 1]))


def _slow(start: tuple[float, float], end: tuple[float, float], width: float) -> Way:
    a, b = np.array(start), np.array(end)
    return lambda time: (*(a + _pass(time) * (b - a)).tolist(), width)  # type: ignore[return-value]


def _out_and_back(start: tuple[float, float], seconds: float, width: float, back: float) -> Way:
    """From a place out at the right, away for `seconds`, and in again at the height `back`."""
    out = straight(start, (760.0, start[1]), 1.0, width)
    home = straight((760.0, back), (start[0], back), 1.0, width)
    return either(
        between(out, 0.5, 1.5),
        between(home, 1.5 + seconds, 99.0),
        lambda t: (*start, width) if t < 0.5 else None,
    )


SCENARIOS = (
    Scenario("cross", 4.0, {0: _slow(LEFT, RIGHT, 120), 1: _slow(RIGHT, LEFT, 105)}),
    Scenario(
        "turn back behind",
        4.0,
        {
            0: lambda t: (*MIDDLE, 125.0),
            1: lambda t: (
                320.0 + 190 * abs(float(np.interp(t, [0, 1.6, 2.4, 4], [-1, 0, 0, 1]))),
                190.0,
                100.0,
            ),
        },
    ),
    Scenario(
        "three cross",
        4.0,
        {
            0: _slow(LEFT, RIGHT, 120),
            1: lambda t: (*MIDDLE, 108.0),
            2: _slow((500.0, 200.0), (140.0, 200.0), 95),
        },
    ),
    Scenario(
        "leave and return",
        7.0,
        {0: lambda t: (*LEFT, 110.0), 1: _out_and_back(RIGHT, 3.0, 105, 150)},
    ),
    Scenario(
        "one leaves, another comes",
        5.0,
        {
            0: lambda t: (*LEFT, 110.0),
            1: between(_out_and_back(RIGHT, 50.0, 105, 150), 0, 2),
            2: between(straight((760.0, 190.0), RIGHT, 1.0, 105), 2.5, 9),
        },
    ),
    Scenario(
        "cut and back",
        6.0,
        {
            0: either(
                between(lambda t: (*LEFT, 110.0), 0, 2), between(lambda t: (*LEFT, 110.0), 4, 6)
            ),
            1: either(
                between(lambda t: (*RIGHT, 110.0), 0, 2), between(lambda t: (*RIGHT, 110.0), 4, 6)
            ),
            2: between(lambda t: (*LEFT, 112.0), 2, 4),
            3: between(lambda t: (*RIGHT, 112.0), 2, 4),
        },
        lambda time: int(2 <= time < 4),
    ),
    Scenario(
        "ten",
        6.0,
        {
            n: (
                lambda t, n=n: (
                    320 + 260 * float(np.sin(0.9 * t + 2.4 * n)),
                    55.0 + 28 * n,
                    52.0,
                )
            )
            for n in range(10)
        },
    ),
)
