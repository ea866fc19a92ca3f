"""`bauta train` where PyTorch is not installed: one line that says what to install."""

import sys

import pytest

from bauta import cli


def test_without_torch_the_command_says_how_to_install_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(sys, "argv", ["bauta", "train", "any.toml", "--out", str(tmp_path / "x")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert end.value.code == 1
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "pip install 'bauta[train]' --extra-index-url" in err
    assert not (tmp_path / "x").exists()
