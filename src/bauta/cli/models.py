"""`bauta models`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bauta.cli.app import app, say, talk


@app.command()
def models(
    name: Annotated[str, typer.Argument(help="Print the whole card of one model.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Cards as JSON, one a line.")] = False,
) -> None:
    """List the models that ship: size, terms, and what was measured."""
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
