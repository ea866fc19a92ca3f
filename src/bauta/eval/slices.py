"""Error in slices of held-out faces - glasses, masks, dark skin, low light - against all of them.

    python -m bauta.eval.slices .packs/own tests/eval/slices.csv --model base

The CSV says of each picture, by its digest in the pack, what was seen in it by eye. Faces are
looked at as in `bauta.eval.packed`. Prints a line of JSON a model: faces, mean error and the
difference to the rest, each with its 95 % interval over people; percent of sqrt(width height).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np

from bauta.checks import InputError, SourceError
from bauta.data.packs import Pack, read_pack
from bauta.eval import bootstrap
from bauta.eval.looked import Looked
from bauta.eval.packed import look

FEWEST = 5
"""Faces that a slice needs."""


def read_tags(path: Path) -> dict[int, frozenset[str]]:
    """Digest -> what was seen. SourceError or InputError, naming the line, for a damaged file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; check the name") from error
    found = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        try:
            found[int(row["digest"], 16)] = frozenset(row["tags"].split())
        except (KeyError, ValueError, AttributeError) as error:
            raise InputError(f"{path}: expected digest,tags; got {dict(row)}") from error
    return found


def tagged(pack: Pack, tags: dict[int, frozenset[str]]) -> np.ndarray:
    """Rows of the pack that were looked at by eye. InputError when there are none."""
    rows = np.flatnonzero(pack.face & np.isin(pack.digest, np.array(list(tags), np.uint64)))
    if not len(rows):
        raise InputError("slices: none of these pictures is in the packs; were they cut otherwise?")
    return rows


def sliced(
    faces: Looked, seen: list[frozenset[str]], scheme: str
) -> dict[str, dict[str, int | list[float | None]]]:
    """Slice -> faces, error, and its difference to the rest; slices of fewer than `FEWEST` or of
    (nearly) all are left out. `seen` (N,) of each face."""
    errors, unit = faces.errors(scheme), bootstrap.units(faces.person, faces.name)
    known = np.isfinite(errors)
    out = {"all": {"faces": int(known.sum()), "error": _estimate(bootstrap.mean(errors), unit)}}
    for name in sorted({tag for tags in seen for tag in tags}):
        here = np.array([name in tags for tags in seen])
        if min((here & known).sum(), (~here & known).sum()) < FEWEST:
            continue
        mine = bootstrap.mean(np.where(here, errors, np.nan))
        rest = bootstrap.mean(np.where(here, np.nan, errors))
        out[name] = {
            "faces": int((here & known).sum()),
            "error": _estimate(mine, unit),
            "against the rest": _estimate(bootstrap.difference(mine, rest), unit),
        }
    return out


def _estimate(statistic: bootstrap.Statistic, unit: np.ndarray) -> list[float | None]:
    return bootstrap.estimates({"value": statistic}, unit)["value"].as_json()


def main(arguments: list[str]) -> None:
    """Look, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pack", type=Path)
    parser.add_argument("tags", type=Path)
    parser.add_argument("--model", action="append", help="name or .onnx; may be repeated")
    options = parser.parse_args(arguments)
    pack, tags = read_pack(options.pack), read_tags(options.tags)
    rows = tagged(pack, tags)
    seen = [tags[int(digest)] for digest in pack.digest[rows]]
    for model in options.model or ["base"]:
        faces = look(pack, rows, pack.pose[rows], model)
        found = {scheme: sliced(faces, seen, scheme) for scheme in faces.said}
        sys.stdout.write(json.dumps({"model": model, **found}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
