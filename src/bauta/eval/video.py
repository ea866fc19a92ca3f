"""Everything that can be measured on a clip, with the settings it was measured by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bauta.assets.store import read_model
from bauta.checks import InputError
from bauta.eval import clips, eyes, stability, steadiness
from bauta.eval.clips import Track
from bauta.filters.kinds import CONFIGS, DEFAULT
from bauta.fit.blink import FALL, RISE, SHUT
from bauta.video.source import open_video

RULE = f"fall {FALL:g} to below {SHUT:g} of the open level, rise {RISE:g}, {eyes.FPS:g} frames/s"
TOLERANCE = 3
"""Frames between a found and a marked blink that are the same."""
RETURN = 250
"""Frames that are played forward and backward; they are kept in memory."""


@dataclass(frozen=True, eq=False)
class ClipScore:
    """Results of one clip; percent of the distance of the outer eye corners unless said."""

    name: str
    settings: dict[str, Any]
    values: dict[str, float]
    """Name of the measure, with `filtered` or `unfiltered` where both are measured."""
    gap: np.ndarray
    """(T,) lid gap over eye width."""
    open_gap: np.ndarray
    """(T,) that of the open eye."""
    blinks: np.ndarray
    """Frames (rows of the track) of blinks found, but those near marks that are not sure."""
    marked: np.ndarray
    """Frames of blinks marked; empty without marks."""

    def as_json(self) -> dict[str, Any]:
        """For results.json: what is not a number is null."""
        known = {k: round(v, 4) if np.isfinite(v) else None for k, v in self.values.items()}
        found = {"found": self.blinks.tolist(), "marked": self.marked.tolist()}
        return {"name": self.name, "settings": self.settings, "values": known, "blinks": found}


def frames_of(path: str, most: int | None = None) -> Iterator[tuple[int, float, np.ndarray]]:
    """(number, seconds, RGB picture) of each frame of a clip, the first `most` of them."""
    with open_video(path) as video:
        for count, frame in enumerate(video):
            if most is not None and count >= most:
                return
            yield frame.index, frame.time, frame.image


def score_clip(
    path: str,
    model: str,
    truth: Path | None = None,
    blinks: Path | None = None,
    still: int | None = None,
    *,
    after: Callable[[], None] | None = None,
) -> ClipScore:
    """Track a clip with and without the filter, and measure everything on it.

    `still` is the number of the frame that is copied with noise, by default the first with a face;
    `truth` a track (`clips.read`), `blinks` marked ones (`clips.read_blinks`).
    """
    tracks = {
        name: clips.run(frames_of(path), model, filter, after)
        for name, filter in (("filtered", DEFAULT), ("unfiltered", "none"))
    }
    values: dict[str, float] = {}
    for name, track in tracks.items():
        values |= {f"{key}, {name}": value for key, value in motion(track).items()}
    smooth, raw = tracks["filtered"], tracks["unfiltered"]
    values["lag, frames"] = steadiness.lag(smooth.inner51(), raw.inner51())
    first = int(raw.frames[raw.found][0]) if still is None else still
    values |= still_values(path, model, first)
    values |= _drift(path, model, after)
    if truth is not None:
        known = clips.read(truth)
        for name, track in tracks.items():
            found = against(track, known)
            values |= {f"{key}, {name}": value for key, value in found.items()}
    settings = _settings(model) | {"still frame": first, "frames": len(raw.frames)}
    settings["points"] = _points(raw)
    return _with_eyes(Path(path).name, smooth, settings, values, blinks)


def score_track(
    path: Path,
    truth: Path | None = None,
    reference: Path | None = None,
    blinks: Path | None = None,
) -> ClipScore:
    """Measure a track that lies in a file; what needs the clip or the tracker is left out.

    `reference` is the unfiltered track of the same clip, for the lag.
    """
    track = clips.read(path)
    values = motion(track)
    if reference is not None:
        known = clips.read(reference)
        scheme = clips.shared68(track, known)
        other = clips.aligned(known, track.frames)[scheme]
        values["lag, frames"] = steadiness.lag(track.inner51(scheme), other[:, clips.INNER51])
    if truth is not None:
        values |= against(track, clips.read(truth))
    settings = {"track": path.name, "frames": len(track.frames), "points": _points(track)}
    return _with_eyes(path.name, track, settings, values, blinks)


def motion(track: Track) -> dict[str, float]:
    """Share of frames with the face; jitter and zig-zag of the inner 51 of both 68-point sets."""
    out = {"found, %": float(track.found.mean() * 100)}
    for scheme in clips.SIXTY_EIGHT:
        if scheme in track.points:
            points, size = track.inner51(scheme), track.eye_distance(scheme)
            out[f"jitter {scheme}, %"] = steadiness.jitter(points, size)
            out[f"zig-zag {scheme}, %"] = steadiness.zigzag(points, size)
    return out


def against(track: Track, truth: Track) -> dict[str, float]:
    """A track against a true one, in 68 points that both have: error, stability, NMJ, E1..E4,
    brows, lids. InputError when there are none."""
    scheme = clips.shared68(track, truth)
    expected, predicted = clips.aligned(truth, track.frames)[scheme], track.points[scheme]
    right, left = clips.OUTER_EYE_CORNERS68
    eye = np.linalg.norm(expected[:, right] - expected[:, left], axis=-1)
    away = np.linalg.norm(predicted - expected, axis=-1).mean(1) / eye * 100
    four = stability.fhr(predicted, expected)
    brows = eyes.movement(eyes.brow_height(predicted), eyes.brow_height(expected))
    lids = eyes.movement(eyes.lid_gap(predicted, "ibug68"), eyes.lid_gap(expected, "ibug68"))
    return {
        "error, %": float(np.nanmean(away)) if np.isfinite(away).any() else float("nan"),
        "stability 3DDFA_V2, % of face": stability.stability_3ddfa(predicted, expected),
        "NMJ, 1/100 px of 256": stability.nmj(predicted, expected),
        "E1 lag, share of a frame": four.e1,
        "E2 accuracy, % of face": four.e2,
        "E3 jitter, % of face": four.e3,
        "E4 zig-zag, % of face": four.e4,
        "brows, correlation": brows.correlation,
        "brows, amplitude kept": brows.kept,
        "lids, correlation": lids.correlation,
        "lids, amplitude kept": lids.kept,
    }


def still_values(path: str, model: str, number: int) -> dict[str, float]:
    """Spread of the inner 51 over 60 noisy copies of one frame, 25 a second, filter on and off."""
    image = next((image for index, _, image in frames_of(path) if index == number), None)
    if image is None:
        raise InputError(f"{path}: has no frame {number}; choose another for --still")
    out = {}
    for name, filter in (("filtered", DEFAULT), ("unfiltered", "none")):
        copies = enumerate(steadiness.noisy_copies(image))
        track = clips.run(((i, i / 25, copy) for i, copy in copies), model, filter)
        for scheme in (name for name in clips.SIXTY_EIGHT if name in track.points):
            size = float(np.nanmedian(track.eye_distance(scheme)))
            spread = steadiness.still_spread(track.inner51(scheme), size)
            out[f"still spread {scheme}, %, {name}"] = spread
    return out


def _drift(path: str, model: str, after: Callable[[], None] | None) -> dict[str, float]:
    kept = list(frames_of(path, RETURN))
    step = (kept[-1][1] - kept[0][1]) / max(len(kept) - 1, 1)
    images = [image for _, _, image in kept]
    both = [(i, i * step, image) for i, image in enumerate([*images, *images[::-1]])]
    track = clips.run(both, model, DEFAULT, after)
    points, size = track.inner51(), track.eye_distance()
    away = steadiness.drift(points[: len(kept)], points[len(kept) :], size[: len(kept)])
    return {
        "drift at return, %": float(away[0]),
        "drift on the way, median %": float(np.nanmedian(away))
        if np.isfinite(away).any()
        else np.nan,
    }


def _with_eyes(
    name: str,
    track: Track,
    settings: dict[str, Any],
    values: dict[str, float],
    blinks: Path | None,
) -> ClipScore:
    scheme = "mesh478" if "mesh478" in track.points else track.main
    gap = eyes.lid_gap(track.points[scheme], scheme)
    found = eyes.find_blinks(gap)[:, 1]
    marked = np.zeros(0, int)
    if blinks is not None:
        marked, unsure = clips.read_blinks(blinks)
        row = {number: index for index, number in enumerate(track.frames.tolist())}
        missing = [number for number in marked.tolist() if number not in row]
        if missing:
            raise InputError(f"{blinks}: the clip has no frame {missing[0]}")
        marked = np.array([row[number] for number in marked.tolist()], int)
        either = np.array([row[number] for number in unsure.tolist() if number in row], int)
        found = found[_near(found, marked) | ~_near(found, either)]
        matches = eyes.match_moments(found, marked, TOLERANCE)
        values |= {
            "blinks marked": float(matches.marked),
            "blinks matched": float(matches.hits),
            "blink F1": matches.f1,
            **_gap_left("lid gap", gap, marked),
        }
        for other in (name for name in clips.SIXTY_EIGHT if name in track.points):
            of68 = eyes.lid_gap(track.points[other], other)
            values |= _gap_left(f"lid gap of {other}", of68, marked)
    values["blinks found"] = float(len(found))
    settings = settings | {"lids": scheme, "blinks": RULE, "blink tolerance": TOLERANCE}
    return ClipScore(name, settings, values, gap, eyes.open_gap(gap), found, marked)


def _near(frames: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(E,) bool: frames (E,) that lie about one of the marks (M,)."""
    return np.any(np.abs(frames[:, None] - marks) <= TOLERANCE, axis=1)


def _gap_left(what: str, gap: np.ndarray, marked: np.ndarray) -> dict[str, float]:
    """Median and worst of what marked blinks leave of the open gap."""
    left = _closures(gap, marked)
    return {
        f"{what}, shut over open": float(np.nanmedian(left)) if len(left) else float("nan"),
        f"{what}, worst": float(np.nanmax(left)) if len(left) else float("nan"),
    }


def _closures(gap: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """(E,) the smallest lid gap within the tolerance of each marked blink over the open gap."""
    ratios = []
    for frame in marked.tolist():
        near = np.arange(max(frame - TOLERANCE, 0), min(frame + TOLERANCE + 1, len(gap)))
        ratios.append(np.nanmin([eyes.closure(gap, int(t)) for t in near] or [np.nan]))
    return np.array(ratios)


def _points(track: Track) -> str:
    """Which points motion, lag and drift are measured on."""
    return f"inner 51 of {track.main}" + (f", from {track.mapped}" if track.mapped else "")


def _settings(model: str) -> dict[str, Any]:
    config = asdict(CONFIGS[DEFAULT]())
    return {
        "model": Path(model).stem,
        "sha256": hashlib.sha256(read_model(model)).hexdigest(),
        "filter": f"{DEFAULT} " + ", ".join(f"{key} {value:g}" for key, value in config.items()),
        "norm": "distance of the outer eye corners in each frame",
        "still": f"{steadiness.COPIES} copies at 25/s, noise {steadiness.NOISE:g} of 255, seed 0",
        "longest lag": steadiness.LONGEST_LAG,
        "drift frames": RETURN,
    }
