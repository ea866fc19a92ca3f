"""How much of the error on `pts68` of `ytf` anybody could avoid.

bauta eval --protocol own --set ytf --split train --out FOLDER   (and once more with --split val)
python scripts/measure_label_noise.py FOLDER FOLDER

Two answers, from saved predictions of the people of train and of val:
- How alike are the errors of two pictures of one person? What a model does wrong about somebody, or
  about a scene, it does in both; what is left is the labels' own noise, and the model's.
- How near does a linear map come (ridge, learned on the first folder, scored on the second) that
  knows the true points of both other teachers, with and without the model's?
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np

from bauta.data.teachers import data_root

CORNERS = (36, 45)
EVERY = 3
"""Of the mesh's points, those that the map sees."""
RIDGES = (10.0, 30.0, 100.0, 300.0, 1000.0)
MOST = 12
"""Pictures of a person that are compared."""


def read(folder: Path) -> dict[str, np.ndarray]:
    """Predicted `ibug68` (68, 2) by picture."""
    (path,) = folder.glob("*_ytf_detector.npz")
    with np.load(path, allow_pickle=False) as stored:
        points = stored["points.ibug68"][..., :2]
        return dict(zip(stored["name"].tolist(), points, strict=True))


def upright(points: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Points (N, K, 2) in the frame of the eyes of `like` (N, 68, 2): turned, over their width."""
    first, last = like[:, CORNERS[0]], like[:, CORNERS[1]]
    x, y = (last - first).T
    turn = (
        np.stack([np.stack([x, y], -1), np.stack([-y, x], -1)], -1) / (x**2 + y**2)[:, None, None]
    )
    return (points - like[:, 36:48].mean(1)[:, None]) @ turn


def alike(errors: np.ndarray, groups: Iterable[list[int]]) -> float:
    """Correlation of the errors (N, 68, 2) of two pictures of a group, over all pairs."""
    pairs = [pair for rows in groups for pair in combinations(rows[:MOST], 2)]
    first, second = errors[np.array(pairs).T]
    return float((first * second).sum() / ((first**2).sum() + (second**2).sum()) * 2)


def mapped(inputs: np.ndarray, truth: np.ndarray, learn: np.ndarray) -> float:
    """Percent by which the best ridge from (N, n) misses truth (N, 68, 2) on rows not learned."""
    x = (inputs - inputs[learn].mean(0)) / (inputs[learn].std(0) + 1e-6)
    y = truth.reshape(len(truth), -1)
    middle, errors = y[learn].mean(0), []
    for ridge in RIDGES:
        A = x[learn].T @ x[learn] + ridge * np.eye(x.shape[1])
        said = x @ np.linalg.solve(A, x[learn].T @ (y[learn] - middle)) + middle
        errors.append(missed(said.reshape(truth.shape), truth, ~learn))
    return min(errors)


def missed(said: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> float:
    """Mean distance in percent of the true outer eye corners'."""
    eyes = np.linalg.norm(truth[:, CORNERS[0]] - truth[:, CORNERS[1]], axis=1)
    return float(100 * (np.linalg.norm(said - truth, axis=2) / eyes[:, None])[rows].mean())


def main(folders: list[str]) -> None:
    """Print both answers."""
    train, val = (read(Path(folder)) for folder in folders)
    with np.load(data_root() / "ytf_labels.npz") as stored:
        labels = {key: stored[key] for key in ("name", "mesh", "alt68", "pts68")}
    said = train | val
    rows = [row for row, name in enumerate(labels["name"].tolist()) if name in said]
    names = labels["name"][rows].tolist()
    points = np.stack([said[name] for name in names])
    mesh, alt = (labels[key][rows].astype(np.float64)[..., :2] / 32 for key in ("mesh", "alt68"))
    known = np.isfinite(labels["pts68"][rows]).all((1, 2)) & np.isfinite(points).all((1, 2))
    known &= (mesh > -900).all((1, 2)) & (alt > -900).all((1, 2))
    names = [name for name, good in zip(names, known, strict=True) if good]
    points, truth, mesh, alt = (p[known] for p in (points, labels["pts68"][rows], mesh, alt))
    truth, mesh, alt, points = (upright(p, points) for p in (truth, mesh, alt, points))
    errors = points - truth
    errors -= errors.mean(0)
    clips, people = defaultdict(list), defaultdict(list)
    for row, name in enumerate(names):
        clip = Path(name).stem.split("_", 1)[1]
        clips[clip].append(row)
        people[clip.rsplit("_", 1)[0]].append(row)
    sys.stdout.write(
        f"errors of two moments of a clip correlate by {alike(errors, clips.values()):.2f}, "
        f"of two pictures of a person by {alike(errors, people.values()):.2f}\n"
    )
    learn = np.array([name in train for name in names])
    flat = {"the model": points, "mesh": mesh[:, ::EVERY], "68 others": alt}
    flat = {name: p.reshape(len(p), -1) for name, p in flat.items()}
    sys.stdout.write(f"as the model says: {missed(points, truth, ~learn):.2f} %\n")
    for told in (["the model"], ["mesh"], ["mesh", "68 others"], [*flat]):
        inputs = np.concatenate([flat[name] for name in told], 1)
        sys.stdout.write(f"map of {', '.join(told)}: {mapped(inputs, truth, learn):.2f} %\n")


if __name__ == "__main__":
    main(sys.argv[1:])
