"""Ctrl-C in a command that says nothing of its own about it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

WAITING = """
import sys, time
from bauta.cli.app import app, main

@app.command()
def wait():
    print("waits", flush=True)
    time.sleep(60)

main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_it_is_told_once_and_the_exit_code_is_130():
    command = [sys.executable, "-c", WAITING, "wait"]
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "interrupted\n")
