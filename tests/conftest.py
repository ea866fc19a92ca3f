"""The command line as a user meets it."""

from __future__ import annotations

import sys

import pytest

from bauta import cli


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
