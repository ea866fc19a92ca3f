"""`bauta eval ...`: predict once, score many times; measure clips."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bauta.checks import InputError
from bauta.cli.app import app, progress, say, talk
from bauta.pipeline import Summary

if TYPE_CHECKING:
    from bauta.eval.protocol import Protocol
    from bauta.eval.score import Result

evaluate = typer.Typer()
app.add_typer(evaluate, name="eval")

TRACKS = (".jsonl", ".npz")
"""Endings of files that hold a track, not a clip."""

Models = Annotated[
    list[str], typer.Option("--model", help="A name or a path to a bauta .onnx; may be repeated.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
ProtocolName = Annotated[
    str,
    typer.Option(
        "--protocol",
        help="300w, 300vw, wflw, cofw, aflw2000-3d, own, folder, or any other set that "
        "`bauta data check` knows: lapa, helen ...",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the set; own: by default where BAUTA_DATA points."),
]
SetName = Annotated[
    str, typer.Option("--set", help="Which set; alone it says the protocol, too. own: ytf, lfw ...")
]
Pictures = Annotated[
    bool, typer.Option("--pictures/--no-pictures", help="Worst fifty pictures in the report.")
]


@evaluate.callback(invoke_without_command=True)
def whole(
    context: typer.Context,
    protocol: ProtocolName = "",
    data: Data = None,
    set: SetName = "",
    model: Models = ["base"],  # noqa: B006
    crops: Annotated[
        str, typer.Option(help="detector, truth, or both separated by a comma.")
    ] = "detector",
    split: Annotated[
        str,
        typer.Option(
            help="Another subset of the set than the protocol's: val ... Of a set without such "
            "parts train, val and test are the people that packs give them."
        ),
    ] = "",
    out: Out = Path("eval"),
    keep_truth: Annotated[
        bool, typer.Option(help="Store the truth in the files, to score them elsewhere.")
    ] = False,
    pictures: Pictures = True,
) -> None:
    """Score models on labelled pictures (--protocol), saved predictions, or clips.

    With --protocol: predicts a set with one model or several, scores it, writes report.html and
    results.json. Predictions lie in the folder as `<model>_<set>_<crops>.npz` and are not made
    again; a run that was stopped goes on. Headline numbers are printed as JSON.
    """
    if context.invoked_subcommand is not None:
        return
    if not (protocol or set):
        raise InputError("eval: say which protocol: --protocol own (or see bauta eval --help)")
    from dataclasses import replace

    from bauta.eval import protocols, run

    chosen = protocols.get(protocol or set)
    if split:
        chosen = replace(chosen, subsets=(split,))
    name, root = run.choose(chosen, set), run.root_of(chosen, data)
    listed, kinds = list(run.samples(name, root, chosen.subsets)), crops.split(",")
    with progress(f"{name}: predicting", len(listed) * len(model) * len(kinds)) as after:
        summary = Summary()

        def count(done: int) -> None:
            summary.frames = done
            after(summary)

        files = run.predictions(
            listed,
            model,
            kinds,
            name,
            chosen.subsets,
            out,
            keep={view.predicted for view in chosen.views},
            keep_truth=keep_truth,
            after=count,
        )
    _score(files, chosen, name, root, out, pictures)


@evaluate.command()
def score(
    files: Annotated[list[Path], typer.Argument(help="Files of predictions (.npz) of one set.")],
    protocol: ProtocolName = "",
    data: Data = None,
    set: SetName = "",
    out: Out = Path("eval"),
    pictures: Pictures = True,
) -> None:
    """Score saved predictions, yours or other trackers', side by side; the first is compared with
    each of the others in pairs. Without --protocol it is that of the set that they say they are
    of. The format is in docs/evaluation.md."""
    from bauta.eval import predictions, protocols

    said = protocol or set or predictions.load(files[0]).header.get("dataset", "")
    if not said:
        raise InputError(f"{files[0]}: does not say of which set it is; name it: --set lapa")
    _score(files, protocols.get(said), set, data, out, pictures)


@evaluate.command()
def video(
    clips: Annotated[
        list[str], typer.Argument(help="Clips, or tracks that `bauta track` wrote (.jsonl, .npz).")
    ],
    model: Annotated[str, typer.Option(help="A name or a path to a bauta .onnx.")] = "base",
    truth: Annotated[
        Path | None, typer.Option(help="True track of the clip: .jsonl, or predictions .npz.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Unfiltered track, for the lag of a track in a file.")
    ] = None,
    blinks: Annotated[
        Path | None, typer.Option(help="CSV with a column `frame`: shut eyes marked by hand.")
    ] = None,
    still: Annotated[
        int | None, typer.Option(help="Frame that is copied with noise; default the first face.")
    ] = None,
    out: Out = Path("eval"),
) -> None:
    """Measure steadiness, lag, drift, lids and blinks on clips; settings are in the output."""
    from bauta.eval import video as measure
    from bauta.eval.report import clips as report
    from bauta.eval.report import page

    if len(clips) > 1 and (truth or reference or blinks or still is not None):
        raise InputError("eval video: truth, reference, blinks and still belong to a single clip")
    if any(Path(clip).suffix in TRACKS for clip in clips):
        if still is not None:
            raise InputError("--still: needs the clip, not its track")
    elif reference is not None:
        raise InputError("--reference: is for tracks; a clip is tracked unfiltered too")
    scores = []
    for clip in clips:
        path = Path(clip)
        if path.suffix in TRACKS:
            scores.append(measure.score_track(path, truth, reference, blinks))
            continue
        summary = Summary()
        with progress(path.name, None) as after:

            def step() -> None:
                summary.frames += 1  # noqa: B023
                after(summary)  # noqa: B023

            scores.append(measure.score_clip(clip, model, truth, blinks, still, after=step))
    results = report.as_json(scores)
    say(json.dumps(results, indent=1))
    for path in page.write(out, report.page(scores), results):
        talk.print(f"wrote {path}")


def _score(
    files: list[Path], protocol: Protocol, name: str, data: Path | None, out: Path, pictures: bool
) -> None:
    from bauta.eval import predictions, run
    from bauta.eval.report import page
    from bauta.eval.score import score as score_all

    loaded = [predictions.load(path) for path in files]
    listed = cache(lambda: run.samples_of(loaded, protocol, name, data))
    truth = run.truth_of(loaded, listed)
    result = score_all(loaded, truth, protocol)
    readers = run.pictures(listed()) if pictures else None
    for line in result.skipped:
        talk.print(f"left out: {line}")
    say(json.dumps(_headlines(result), indent=1))
    for path in page.write(out, page.page(result, readers), page.as_json(result)):
        talk.print(f"wrote {path}")


def _headlines(result: Result) -> dict:
    """The number that papers print of every view, with its interval."""
    key = result.protocol.headline
    out: dict = {"protocol": result.protocol.name, "predictions": {}}
    for view, scored in result.views:
        for each in scored:
            row = each.row()
            names = [name for name in row.values if name.split(" ")[0] == key]
            out["predictions"].setdefault(each.errors.label, {})[view.title] = {
                "faces": row.count,
                "found": row.found,
                "over": row.norm,
                **{name: row.values[name].as_json() for name in ("mean", *names, "fr@10")},
            }
    return out
