"""Damaged files against the readers: no crash, no hang, and one clear error or none.

    python scripts/fuzz.py [--seconds 60] [--seed 0] [--targets video stream piped ...]
    python scripts/fuzz.py --replay video:123

What `fuzz_targets.py` makes is damaged (bits flipped, stretches cut out, doubled, overwritten or
exchanged, ends cut off) and read as `bauta` would, in a process of its own that may use 4 GB. It
may be read or refused with a BautaError; any other exception, a process that dies and ten seconds
for one file are failures. Case N of a seed is always the same file; `--keep FOLDER` writes those
that fail.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from fuzz_targets import TARGETS, Corpus

from bauta.checks import BautaError

LIMIT = 10.0
"""Seconds for one file."""
MEMORY = 4 << 30
SMALL_CHANGES = 8


def damaged(corpus: Corpus, target: str, seed: int, number: int) -> tuple[str, bytes]:
    """Case `number`: name and content of a damaged file; every twentieth is whole."""
    rng = np.random.default_rng([seed, number, *target.encode()])
    names = sorted(corpus)
    name = names[rng.integers(len(names))]
    data = bytearray(corpus[name])
    if number % 20:
        for _ in range(rng.integers(1, SMALL_CHANGES)):
            other = corpus[names[rng.integers(len(names))]]
            change(data, other, rng)
    return name, bytes(data)


def change(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    """One kind of damage, in place; half of them near the head, where headers are."""
    reach = len(data) if rng.random() < 0.5 else min(len(data), 512)
    if not reach:
        return
    at = int(rng.integers(reach))
    size = int(2 ** rng.uniform(0, 10))
    kind = rng.integers(8)
    if kind == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[at : at + 4] = int(rng.choice([0, 1, 2**31 - 1, 2**32 - 1])).to_bytes(4, "big")
    elif kind == 2:
        data[at : at + size] = rng.bytes(min(size, len(data) - at))
    elif kind == 3:
        data[at : at + size] = bytes(min(size, len(data) - at))
    elif kind == 4:
        del data[at : at + size]
    elif kind == 5:
        data[at:at] = data[at : at + size]
    elif kind == 6:
        start = int(rng.integers(len(other)))
        data[at : at + size] = other[start : start + size]
    else:
        del data[at:]


def work(target: str, seed: int, pipe: Connection) -> None:
    """In a process of its own: read the cases whose numbers come; answer with what was wrong."""
    with open(os.devnull, "w") as nowhere:  # libraries in C complain there
        os.dup2(nowhere.fileno(), 2)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    make, read = TARGETS[target]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "whole").mkdir()
        corpus = make(place / "whole")
        pipe.send("ready")
        while (number := pipe.recv()) is not None:
            name, data = damaged(corpus, target, seed, number)
            path = place / name
            path.write_bytes(data)
            pipe.send(verdict(read, path))
            path.unlink()


def verdict(read: Callable[[Path], object], path: Path) -> str:
    """What was wrong with how a file was read; empty when nothing was."""
    try:
        read(path)
    except BautaError as error:
        said = str(error)
        return "" if said and "\n" not in said else f"an error of {said.count(chr(10)) + 1} lines"
    except BaseException:
        return traceback.format_exc()
    return ""


class Reader:
    """The process of one target; started again when a file has killed it."""

    def __init__(self, target: str, seed: int) -> None:
        self.target, self.seed = target, seed
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (self.target, self.seed, theirs)
        self._process = context.Process(target=work, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    def ready(self) -> None:
        """Wait until its whole files are made."""
        if not self._ready:
            self._answer(120)
            self._ready = True

    def _answer(self, seconds: float) -> str:
        if not self._pipe.poll(seconds):
            return f"no answer within {seconds:.0f} s"
        try:
            return self._pipe.recv()
        except EOFError:
            self._process.join()
            return f"the process died: exit code {self._process.exitcode}"

    def __call__(self, number: int) -> str:
        """What was wrong with a case; empty when nothing was."""
        self.ready()
        self._pipe.send(number)
        answer = self._answer(LIMIT)
        if answer.startswith(("no answer", "the process died")):
            self.close()
            self._start()
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def keep(target: str, seed: int, number: int, folder: Path) -> Path:
    """Write the file of a case."""
    with tempfile.TemporaryDirectory() as place:
        corpus = TARGETS[target][0](Path(place))
    name, data = damaged(corpus, target, seed, number)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target}_{seed}_{number}_{name}"
    path.write_bytes(data)
    return path


def run(targets: list[str], seed: int, seconds: float, most: int, folder: Path | None) -> int:
    """Read damaged files for a while, the targets in turn; returns how many went wrong."""
    readers = {target: Reader(target, seed) for target in targets}
    for reader in readers.values():
        reader.ready()
    until, number, wrong = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until and number < most:
        for target, reader in readers.items():
            if what := reader(number):
                wrong += 1
                print(f"{target}:{number} (seed {seed}): {what}", flush=True)
                if folder:
                    print(f"  kept as {keep(target, seed, number, folder)}", flush=True)
        number += 1
    for reader in readers.values():
        reader.close()
    print(f"{number} files each of {', '.join(targets)}, seed {seed}: {wrong} went wrong")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--files", type=int, default=10**9, help="of each target at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--targets", nargs="+", choices=sorted(TARGETS), default=sorted(TARGETS))
    parser.add_argument("--keep", type=Path, help="folder for files that go wrong")
    parser.add_argument("--replay", help="TARGET:NUMBER of one case")
    options = parser.parse_args()
    if options.replay:
        target, _, number = options.replay.partition(":")
        what = Reader(target, options.seed)(int(number))
        print(what or "nothing went wrong")
        sys.exit(bool(what))
    sys.exit(run(options.targets, options.seed, options.seconds, options.files, options.keep) > 0)


if __name__ == "__main__":
    main()
