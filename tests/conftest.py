"""The command line as a user meets it; Ctrl-C reaches what tests start, however they are run."""

from __future__ import annotations

import signal
import sys

import pytest

from bauta import cli

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background by a shell:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # programs would inherit that


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run `bauta ARGS` in an empty folder; returns (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bauta", *map(str, args)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call
