"""Small fixed experiments: one recipe, arms that change one thing, two seeds, honest intervals.

    python -m bauta.train.experiments recipes/experiments.toml --out runs/experiments [--only loss]

Every arm is trained and measured once a seed; what is done is kept, a stopped run goes on. Prints a
Markdown table an experiment: means over seeds and faces, and the difference to the first arm with
its 95 % interval (bootstrap over people, both arms on the same faces).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from bauta.checks import InputError
from bauta.eval.bootstrap import difference, estimates, mean, units
from bauta.regress.two_stage import FIVE
from bauta.train import checkpoints, config
from bauta.train.loop import run
from bauta.train.probes import (
    FRAMINGS,
    MEASURES,
    ClipProbe,
    Measured,
    Probe,
    in_two_stages,
    predictor,
    reduced,
)
from bauta.train.tasks import make_task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arm:
    """One setting."""

    name: str
    recipe: Path
    changes: tuple[str, ...] = ()
    start: str = ""
    """Arm whose weights it begins with."""
    coarse: str = ""
    """Arm whose five points make the crop upright, before this one looks at it."""
    measured: bool = True


@dataclass(frozen=True)
class Experiment:
    """A question and its arms, the first measured one to be compared with."""

    name: str
    question: str
    arms: tuple[Arm, ...]
    framing: str = "detector"
    """How the faces lie in what is measured: a name of `bauta.train.probes.FRAMINGS`."""


def read_experiments(path: Path) -> tuple[list[int], list[Experiment]]:
    """Seeds and experiments of a TOML file; an arm is a list of changes to the common recipe, or a
    table with fields of `Arm`."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    seeds, recipe = table.pop("seeds"), Path(table.pop("recipe"))
    found = []
    for name, entry in table.items():
        question, framing = entry.pop("question"), entry.pop("framing", "detector")
        arms = tuple(_arm(key, arm, recipe) for key, arm in entry.items())
        found.append(Experiment(name, question, arms, framing))
    return seeds, found


def _arm(name: str, entry: Any, recipe: Path) -> Arm:
    if isinstance(entry, list):
        return Arm(name, recipe, tuple(entry))
    try:
        arm = Arm(name, **{"recipe": recipe, **entry})
    except TypeError as error:
        raise InputError(f"arm {name}: {error}") from error
    return replace(arm, recipe=Path(arm.recipe), changes=tuple(arm.changes))


def with_clip(experiment: Experiment, clip: Path | None) -> Experiment:
    """The experiment with the word CLIP in changes replaced by the path of the clip."""
    if clip is None:
        if any("CLIP" in change for arm in experiment.arms for change in arm.changes):
            raise InputError(f"{experiment.name}: learns from a video; give one with --clip")
        return experiment
    arms = [
        replace(arm, changes=tuple(change.replace("CLIP", str(clip)) for change in arm.changes))
        for arm in experiment.arms
    ]
    return replace(experiment, arms=tuple(arms))


def arm_key(recipe: config.Recipe, init: Path | None) -> str:
    """Name of an arm's folder: of what its recipe says and of what it begins with.

    Defaults are not in it, so a new setting leaves what is done; where the code or a default came
    to mean something else, delete the folder.
    """
    said = json.dumps([recipe.task, recipe.table, init and init.name], sort_keys=True, default=str)
    return hashlib.sha1(said.encode()).hexdigest()[:12]


def train_arm(
    arm: Arm, seed: int, experiment: Experiment, out: Path
) -> tuple[nn.Module, Any, Path]:
    """The trained network of an arm, its settings and its folder; trains it unless that is done.

    Arms with the same recipe, of whatever experiment, are trained once.
    """
    recipe = config.read_recipe(arm.recipe, [*arm.changes, f"train.seed={seed}"])
    task, settings = make_task(recipe, ())
    init = None
    if arm.start:
        before = next(other for other in experiment.arms if other.name == arm.start)
        init = train_arm(before, seed, experiment, out)[2]
    folder = out / arm_key(recipe, init)
    outcome = run(task, settings.train, folder, init)
    if not outcome.finished:
        raise SystemExit(128 + outcome.signal)
    checkpoints.load_weights(task.network, checkpoints.read_weights(folder), str(folder))
    return task.network, settings, folder


def results_name(framing: str, coarse: Path | None) -> str:
    """File of what was measured: another one behind another first stage."""
    return f"{framing}.npz" if coarse is None else f"{framing}-{coarse.name}.npz"


def run_arm(experiment: Experiment, arm: Arm, seed: int, out: Path, clip: Path | None) -> Measured:
    """Train and measure one arm, unless that is done."""
    log.info("%s: %s, seed %d", experiment.name, arm.name, seed)
    network, settings, folder = train_arm(arm, seed, experiment, out)
    before = next((other for other in experiment.arms if other.name == arm.coarse), None)
    coarse = None if before is None else train_arm(before, seed, experiment, out)
    results = folder / results_name(experiment.framing, coarse and coarse[2])
    if results.exists():
        with np.load(results) as file:
            return Measured(**{key: file[key] for key in Measured.__dataclass_fields__})
    scheme, size = settings.network.schemes[0], settings.network.size
    predict = predictor(network, scheme)
    framing, seen = FRAMINGS[experiment.framing]
    if coarse is not None:
        first, its, _ = coarse
        predict = in_two_stages(predictor(first, FIVE), its.network.size, predict, size)
    elif seen:
        predict = reduced(predict, size)
    measured = Probe(settings.data, scheme, seen or size, framing).measure(predict)
    if clip is not None and not seen:
        shaking = ClipProbe(clip, size).jitter(predict)
        measured = replace(measured, jitter=np.full(len(measured.error), shaking))
    part = results.with_suffix(".part.npz")
    np.savez(part, **{key: getattr(measured, key) for key in Measured.__dataclass_fields__})
    part.replace(results)
    return measured


def table(experiment: Experiment, results: dict[str, list[Measured]]) -> list[str]:
    """Lines of Markdown."""
    first = next(arm.name for arm in experiment.arms if arm.measured)
    control = _over_seeds(results[first])
    unit = units(control["person"], control["name"])
    lines = [f"### {experiment.name}: {experiment.question}", ""]
    titles = ("arm", "error (seeds)", "against the first", "other background", "light, quality")
    lines += ["| " + " | ".join([*titles, "noise", "jitter"]) + " |", "|---" * 7 + "|"]
    for arm in experiment.arms:
        if arm.name not in results:
            continue
        mine = _over_seeds(results[arm.name])
        seeds = ", ".join(f"{m.error.mean():.2f}" for m in results[arm.name])
        cells = [f"{mine['error'].mean():.2f} ({seeds})", "-"]
        if arm.name != first:
            versus = difference(mean(mine["error"]), mean(control["error"]))
            found = estimates({"d": versus}, unit)["d"]
            cells[1] = f"{found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
        for kind in ("background", "quality"):
            error, shift = mine[f"{kind}_error"].mean(), mine[f"{kind}_shift"].mean()
            cells.append(f"{error:.2f}, moves {shift:.2f}")
        cells += [f"{mine[key].mean():.2f}" for key in ("spread", "jitter")]
        lines.append(f"| {arm.name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _over_seeds(runs: list[Measured]) -> dict[str, np.ndarray]:
    values = {key: np.mean([getattr(run, key) for run in runs], axis=0) for key in MEASURES}
    return values | {"person": runs[0].person, "name": runs[0].name}


def main(arguments: list[str]) -> None:
    """Run the experiments and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/experiments"))
    parser.add_argument("--only", nargs="+", help="names of experiments")
    parser.add_argument("--clip", type=Path, help="video of one person, for the jitter")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    seeds, experiments = read_experiments(options.file)
    chosen = [e for e in experiments if not options.only or e.name in options.only]
    chosen = [with_clip(e, options.clip) for e in chosen]
    for experiment in chosen:
        arms = [arm for arm in experiment.arms if arm.measured]
        results = {
            arm.name: [run_arm(experiment, arm, seed, options.out, options.clip) for seed in seeds]
            for arm in arms
        }
        sys.stdout.write("\n".join(table(experiment, results)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
