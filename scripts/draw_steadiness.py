"""Table and curve of docs/steadiness.md: every filter on the same predictions.

    python scripts/draw_steadiness.py CLIP.mp4 BLINKS.csv [CLIP.mp4 BLINKS.csv ...] --model base

BLINKS.csv has columns `closed` (frame) and `sure` (0 or 1). Prints the table as Markdown, the means
over the clips, and draws jitter against lag as each filter's settings vary.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from bauta.eval.filters import Footage, film, score
from bauta.filters.head import HeadConfig
from bauta.filters.kalman import KalmanConfig
from bauta.filters.kinds import FilterConfig, filter_maker
from bauta.filters.one_euro import OneEuroConfig
from bauta.video.source import open_video

SWEEPS: dict[str, list[FilterConfig]] = {
    "one_euro": [OneEuroConfig(beta=beta) for beta in (10, 20, 40, 80, 160)],
    "kalman": [KalmanConfig(acceleration=a) for a in (0.05, 0.1, 0.3, 1.0, 3.0)],
    "head": [HeadConfig(beta=beta, feature_beta=0.4 * beta) for beta in (20, 40, 80, 160)],
    "flow": [
        HeadConfig(cutoff=cutoff, feature_beta=beta)
        for cutoff, beta in ((0.3, 15), (0.6, 30), (1.2, 60), (2.4, 120))
    ],
}
COLOURS = {
    "one_euro": (200, 120, 30), "kalman": (120, 120, 120), "head": (40, 140, 40),
    "flow": (30, 60, 210), "none": (0, 0, 0),
}  # fmt: skip
WIDTH, HEIGHT, EDGE = 640, 480, 70
PANELS = {
    "jitter": "jitter (true motion included), % of the eye distance",
    "still": "shake of a still face under noise, % of the eye distance",
}


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="clip and its blinks, in turns")
    parser.add_argument("--model", default="base")
    parser.add_argument("--start", type=int, default=0, help="first frame of each clip")
    parser.add_argument("--frames", type=int, default=100000, help="most frames of each clip")
    parser.add_argument("--out", type=Path, default=Path("docs/steadiness.png"))
    given = parser.parse_args()
    pairs = zip(given.files[::2], given.files[1::2], strict=True)
    footage = [_film(clip, blinks, given) for clip, blinks in pairs]
    columns: list[tuple[str, dict[str, float]]] = [("none", _mean(footage, "none"))]
    columns += [(name, _mean(footage, name)) for name in SWEEPS]
    columns += [(f"{name}, offline", _mean(footage, name, None, True)) for name in ("head", "flow")]
    keys = [f"{key}, {shot.name}" for shot in footage for key in score(shot, None)]
    print("| filter | " + " | ".join(keys) + " |\n|" + "---|" * (len(keys) + 1))
    for name, values in columns:
        print(f"| {name} | " + " | ".join(f"{values[key]:.2f}" for key in keys) + " |", flush=True)
    curves = {
        name: [_mean(footage, name, config) for config in configs]
        for name, configs in SWEEPS.items()
    }
    shipped = {name: values for name, values in columns if "," not in name}
    panels = [_plot(curves, shipped, key, title) for key, title in PANELS.items()]
    cv2.imwrite(str(given.out), np.concatenate(panels, axis=1))


def _film(clip: Path, blinks: Path, given: argparse.Namespace) -> Footage:
    with open_video(str(clip)) as video:
        frames = [f for f in video if f.index < given.start + given.frames]
    frames = [frame for frame in frames if frame.index >= given.start]
    step = (frames[-1].time - frames[0].time) / (len(frames) - 1)
    lines = [line.split(",") for line in blinks.read_text().splitlines() if line[:1].isdigit()]
    shut = np.array([int(line[1]) for line in lines if int(line[3])]) - given.start
    shut = shut[(shut > 5) & (shut < len(frames) - 5)]
    return film(clip.stem, [frame.image for frame in frames], given.model, step, shut)


def _mean(
    footage: list[Footage], name: str, config: FilterConfig | None = None, ahead: bool = False
) -> dict[str, float]:
    """Scores of a filter on each clip, and their means under the plain name of the measure."""
    out: dict[str, float] = {}
    scores = [score(shot, filter_maker(name, config), ahead) for shot in footage]
    for shot, values in zip(footage, scores, strict=True):
        out |= {f"{key}, {shot.name}": value for key, value in values.items()}
    return out | {key: float(np.mean([values[key] for values in scores])) for key in scores[0]}


Values = dict[str, float]


def _plot(
    curves: dict[str, list[Values]], shipped: dict[str, Values], key: str, title: str
) -> np.ndarray:
    """One panel: a measure against the lag."""
    ways = {name: [(one["lag"], one[key]) for one in line] for name, line in curves.items()}
    rings = {name: (one["lag"], one[key]) for name, one in shipped.items()}
    points = [p for line in ways.values() for p in line] + list(rings.values())
    top = 1.1 * np.max(points, axis=0)
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)

    def at(point: tuple[float, float]) -> tuple[int, int]:
        x, y = np.maximum(point, 0) / top
        return round(EDGE + x * (WIDTH - 2 * EDGE)), round(HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE))

    def text(words: str, x: int, y: int, colour: tuple[int, int, int] = (60, 60, 60)) -> None:
        cv2.putText(image, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)

    cv2.line(image, at((0, 0)), at((top[0], 0)), (60, 60, 60), 1)
    cv2.line(image, at((0, 0)), at((0, top[1])), (60, 60, 60), 1)
    for share in (0.25, 0.5, 0.75, 1.0):
        text(f"{share * top[0]:.2f}", at((share * top[0], 0))[0] - 16, HEIGHT - EDGE + 20)
        text(f"{share * top[1]:.2f}", 18, at((0, share * top[1]))[1] + 5)
    text("lag behind the unfiltered track, frames", WIDTH // 2 - 170, HEIGHT - 20)
    text(title, 20, 30)
    for name, line in ways.items():
        way = np.array([at(point) for point in line], np.int32)
        cv2.polylines(image, [way], False, COLOURS[name], 2, cv2.LINE_AA)
        for x, y in way.tolist():
            cv2.circle(image, (x, y), 3, COLOURS[name], -1, cv2.LINE_AA)
    for row, (name, point) in enumerate(rings.items()):
        cv2.circle(image, at(point), 8, COLOURS[name], 2, cv2.LINE_AA)
        text(name, WIDTH - 140, 60 + 22 * row, COLOURS[name])
    text("ring: as shipped", WIDTH - 140, 60 + 22 * len(rings))
    return image


if __name__ == "__main__":
    main()
