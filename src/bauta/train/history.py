"""What a run reports of itself: a table, a picture of the error by epoch, TensorBoard events."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bauta.checks import InputError
from bauta.train.curves import COLOURS, Curve, draw_curves, write_png

Row = dict[str, float]


def write_table(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Rows as CSV, atomically; columns in the order in which they first appear."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in rows)
    part = path.with_suffix(".part")
    part.write_text(text.getvalue(), encoding="utf-8")
    os.replace(part, path)


def draw_errors(path: Path, rows: Sequence[Row]) -> None:
    """PNG of the scores on held-out people by epoch, or of the loss when there are none."""
    names = list(dict.fromkeys(key for row in rows for key in row if key.startswith("val_")))
    title = "mean error of held-out people by epoch"
    if "val_score" not in names:
        names, title = ["loss"], "loss by epoch"
    curves = []
    for name in names[: len(COLOURS)]:
        known = [(row["epoch"], row[name]) for row in rows if name in row]
        curves.append(Curve(name.removeprefix("val_"), *np.array(known, float).T))
    high = 1.3 * max(row.get(names[0], 0.0) for row in rows)
    write_png(path, draw_curves(curves, title, "epoch", high=high))


class Events:
    """TensorBoard event files of a run; InputError when the package is not installed."""

    def __init__(self, folder: Path, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InputError(
                "tensorboard = true needs the package: pip install tensorboard"
            ) from error
        self._writer: Any = SummaryWriter(str(folder), purge_step=step)

    def write(self, row: Row) -> None:
        """One point of every column."""
        for name, value in row.items():
            if name != "step":
                group = "held out" if name.startswith("val_") else "training"
                tag = f"{group}/{name.removeprefix('val_')}"
                self._writer.add_scalar(tag, value, int(row["step"]))
        self._writer.flush()

    def close(self) -> None:
        """End the file."""
        self._writer.close()
