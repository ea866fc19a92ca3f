"""`bauta data ...`: the sets that people train from. One file a verb, added by importing it."""

from bauta.cli.data import check, label, pack, show
from bauta.cli.data.app import data

__all__ = ["check", "data", "label", "pack", "show"]
