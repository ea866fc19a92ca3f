"""How much of what photographs show of people's skin the learned modes tell: the figures of
docs/synthesis.md, of the people it was learned from and of those of `val`.

    python scripts/measure_learned_skin.py [--split val] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from bauta.data import catalog
from bauta.data.teachers import data_root
from bauta.synth.rendered.skin_learn import SET, laid_out, person_skin, skin_of, spread
from bauta.synth.rendered.skin_map import texels

MODES = (4, 8, 16, 24)


def share_told(rows: np.ndarray, known: np.ndarray, mean: np.ndarray, modes: np.ndarray) -> float:
    """How much of the variance of rows (N, D) about the mean the modes tell where rows are `known`:
    each row's coefficients by least squares on what is known of it, drawn towards 0 as their
    standard deviations say."""
    left = whole = 0.0
    for row, seen in zip(rows, known, strict=True):
        off, axes = (row - mean)[seen].astype(np.float64), modes[:, seen].astype(np.float64)
        noise = float(np.mean(off**2)) / 2
        c = np.linalg.solve(axes @ axes.T + noise * np.eye(len(axes)), axes @ off)
        left += float(((off - c @ axes) ** 2).sum())
        whole += float((off**2).sum())
    return 1 - left / whole


def main() -> None:
    """Print the share of the variance that 4, 8, 16 and 24 modes tell."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument("--data", type=Path, help="folder of the training data")
    options = parser.parse_args()
    folder = data_root() if options.data is None else options.data
    skin, mask = skin_of(folder), texels().mask
    mean = skin.mean[mask]
    found = laid_out(spread(list(catalog.get(SET).read(folder, options.split))))
    people = [person_skin(seen, np.exp(mean)) for seen in found.values()]
    rows, known = (np.stack(part) for part in zip(*(p for p in people if p), strict=True))
    flat, seen = rows.reshape(len(rows), -1), np.repeat(known, 3, 1)
    for count in MODES:
        modes = skin.modes[:count, mask].reshape(count, -1)
        told = share_told(flat, seen, mean.ravel(), modes)
        sys.stdout.write(f"{options.split}: {len(rows)} people, {count} modes: {told:.1%}\n")


if __name__ == "__main__":
    main()
