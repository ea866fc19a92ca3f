"""The figures of the README, from the command that the README names. Needs the training data."""

import json
import sys

import pytest

from bauta import cli
from bauta.checks import SourceError
from bauta.data import teachers


@pytest.mark.slow
def test_the_readmes_figures_of_base_are_reproduced(tmp_path, monkeypatch, capsys):
    try:
        teachers.data_root()
    except SourceError as error:
        pytest.skip(str(error))
    arguments = ["eval", "--protocol", "own", "--no-pictures", "-o", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["bauta", *arguments])
    with pytest.raises(SystemExit):
        cli.main()
    views = json.loads(capsys.readouterr().out)["predictions"]["base, detector"]
    stored = views["68 points, as the labels are stored"]
    assert (stored["faces"], stored["found"]) == (346, 346)
    assert stored["mean"][0] == pytest.approx(4.327, abs=0.0006)
    assert stored["fr@10"][0] == 0
    plain = views["68 points, without pixel origin"]
    assert plain["mean"][0] == pytest.approx(4.254, abs=0.0006)
    inner, mesh = views["51 anatomical points"], views["mesh"]
    assert (mesh["faces"], mesh["found"]) == (470, 470)
    assert inner["mean"][0] == pytest.approx(1.355, abs=0.0006)
    assert mesh["mean"][0] == pytest.approx(2.747, abs=0.0006)
