"""`bauta export-model` says what a model of few points cannot do."""

from __future__ import annotations

import sys

import pytest

from bauta import cli

tiny_runs = pytest.importorskip("tiny_runs", reason="needs the extra `train`")


@pytest.mark.parametrize(("scheme", "warned"), [("cofw29", True), ("wflw98", False)])
def test_a_model_that_cannot_be_tracked_with_is_exported_with_a_warning(
    scheme, warned, tmp_path, monkeypatch, capsys
):
    tiny_runs.make_run(tmp_path / "run", {"points": "l1"}, schemes=(scheme,))
    out = tmp_path / "my.onnx"
    arguments = ["export-model", str(tmp_path / "run"), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["bauta", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    said = capsys.readouterr()
    assert out.is_file()
    assert str(out) in said.out.splitlines()
    assert ("my.onnx: cannot be tracked with: cofw29 alone" in said.err) == warned
