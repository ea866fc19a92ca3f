"""Damaged files: a few of a fixed seed in every run, a minute of them with `-m fuzz`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fuzz.py"


def fuzz(*options: str) -> None:
    command = [sys.executable, str(SCRIPT), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "of model, picture, piped, stream, tracks, video" in done.stdout
    assert " 0 went wrong" in done.stdout


def test_damaged_files_are_read_or_refused_with_one_error():
    fuzz("--seed", "0", "--files", "12", "--seconds", "300")


@pytest.mark.fuzz
def test_a_minute_of_damaged_files():
    fuzz("--seed", "2026", "--seconds", "55")


def test_what_goes_wrong_is_noticed(tmp_path):
    """The fuzzer itself: exceptions, deaths and hangs are told apart and counted."""
    code = f"""
import os, sys, time
sys.path.insert(0, {str(SCRIPT.parent)!r})
import fuzz

fuzz.LIMIT = 1.0

def read(path):
    number = int(path.read_bytes())
    if number == 1:
        raise KeyError("not a BautaError")
    if number == 2:
        os._exit(11)
    if number == 3:
        time.sleep(60)

def whole(folder):
    return {{"a": b""}}

fuzz.TARGETS["stub"] = (whole, read)
fuzz.damaged = lambda corpus, target, seed, number: ("a", str(number).encode())

if __name__ == "__main__":
    reader = fuzz.Reader("stub", 0)
    for number in range(5):
        print(reader(number).strip().splitlines()[-1:])
    reader.close()
"""
    (tmp_path / "stub.py").write_text(code)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "stub.py")], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines() == [
        "[]",
        "[\"KeyError: 'not a BautaError'\"]",
        "['the process died: exit code 11']",
        "['no answer within 1 s']",
        "[]",
    ], done.stderr
