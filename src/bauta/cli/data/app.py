"""The group `bauta data` that its verbs join."""

from __future__ import annotations

import typer

from bauta.cli.app import app

data = typer.Typer(no_args_is_help=True, help="Check, pack, look at and label training pictures.")
app.add_typer(data, name="data")
