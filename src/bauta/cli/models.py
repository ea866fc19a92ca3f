"""`bauta models`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bauta.checks import InputError, ModelError
from bauta.cli.app import app, say, talk


@app.command()
def models(
    name: Annotated[
        str, typer.Argument(help="Print the whole card of one model; with --check also a .onnx.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Cards as JSON, one a line.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Run NAME's golden sample: does it say here what it said when made?",
        ),
    ] = False,
    networks: Annotated[
        bool,
        typer.Option(
            "--networks",
            help="Networks that can be trained: parameters, multiply-adds, size, milliseconds.",
        ),
    ] = False,
) -> None:
    """List the models that ship: size, terms, and what was measured."""
    if networks:
        if name or check:
            raise InputError("--networks: lists what can be trained; leave out NAME and --check")
        _networks(as_json)
    elif check:
        if not name:
            raise InputError("--check: name a model, or the path of a .onnx file")
        _check(name)
    else:
        _cards(name, as_json)


def _cards(name: str, as_json: bool) -> None:
    from dataclasses import asdict

    from bauta.assets.store import card_names, load_card

    cards = [load_card(name)] if name else [load_card(item) for item in card_names()]
    if as_json:
        for card in cards:
            say(json.dumps(asdict(card)))
    elif name:
        say(json.dumps(asdict(cards[0]), indent=2))
    else:
        for card in cards:
            say(f"{card.name:10} {card.task:10} {card.bytes / 1000:7.0f} KB  {card.licence}")
        talk.print("`bauta models NAME` prints the whole card")


def _check(name: str) -> None:
    from bauta.assets.face import answer
    from bauta.assets.golden import read_golden
    from bauta.assets.store import read_model
    from bauta.engine.session import Session

    golden, data = read_golden(name), read_model(name)
    run = answer if name == "face" else Session(data, name=name).run
    found = golden.differences(run)
    for output, value in found.items():
        say(f"{output:20} differs by {value:.5f} at most, {golden.tolerance} allowed")
    if not max(found.values()) <= golden.tolerance:
        raise ModelError(
            f"{name}: does not say what it said when it was made; reinstall bauta or onnxruntime"
        )


def _networks(as_json: bool) -> None:
    from bauta.cli.train import need_torch

    need_torch()
    from dataclasses import asdict

    import bauta.train.survey as costs

    talk.print("fresh weights and a head for 68 points; one crop, ONNX Runtime on one thread")
    if not as_json:
        say(
            f"{'network':18} {'head':12} {'pixels':>6} {'parameters':>11} {'MACs (M)':>9} "
            f"{'KB, 16 bit':>10} {'ms':>8}"
        )
    for cost in costs.survey():
        if as_json:
            say(json.dumps(asdict(cost)))
        else:
            say(
                f"{cost.name:18} {cost.head:12} {cost.size:6} {cost.parameters:11,} "
                f"{cost.macs / 1e6:9.1f} {cost.bytes / 1000:10.0f} {cost.milliseconds:8.2f}"
            )
