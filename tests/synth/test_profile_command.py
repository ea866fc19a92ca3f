"""`bauta synth`: what it writes, and how it goes on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from bauta.checks import InputError
from bauta.cli.app import app
from bauta.data.cutting import PackSettings
from bauta.data.packing import pack
from bauta.data.packs import read_pack
from bauta.synth import kinds
from bauta.synth.kinds import Kind, Series
from bauta.synth.preview import write_sheet
from bauta.synth.profile.series import Profiles, open_profiles
from photographed import photographed
from sure import sure

SETTINGS = PackSettings(side=96, shard=2)


class Power:
    """Makes samples until it fails at a number, and keeps count."""

    def __init__(self, make, fails_at=None):
        self.make, self.fails_at, self.made = make, fails_at, []

    def __call__(self, index, seed):
        if index == self.fails_at:
            raise KeyboardInterrupt
        self.made.append(index)
        return self.make(index, seed)


@pytest.fixture(scope="module")
def make():
    return Profiles([photographed(person="one"), photographed(yaw=12.0, person="two")])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_an_interrupted_pack_goes_on_where_it_was(make, tmp_path):
    pack(Series(make, 5, 1), tmp_path / "whole", "synth-profile", SETTINGS)
    with pytest.raises(KeyboardInterrupt):
        pack(Series(Power(make, 3), 5, 1), tmp_path / "parts", "synth-profile", SETTINGS)
    rest = Power(make)
    pack(Series(rest, 5, 1), tmp_path / "parts", "synth-profile", SETTINGS)
    assert rest.made == [2, 3, 4]
    whole, parts = files(tmp_path / "whole"), files(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    pictures = [name for name in whole if name.endswith(".jpegs")]
    assert len(pictures) == 3
    assert all(whole[name] == parts[name] for name in pictures)
    first, second = read_pack(tmp_path / "whole"), read_pack(tmp_path / "parts")
    for scheme in ("mesh478", "ibug68-3d", "ibug68"):
        np.testing.assert_array_equal(first.labels(scheme).points, second.labels(scheme).points)


def test_a_series_is_a_sequence(make):
    series = Series(make, 3, 0)
    assert len(series) == 3
    assert [item.name for item in series] == [series[k].name for k in range(3)]
    assert [item.name for item in series[1:]] == [series[1].name, series[2].name]
    with pytest.raises(IndexError):
        series[3]


@pytest.fixture
def made_kind(make, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "profile", Kind("made", lambda root, sets: make))


def test_the_command_writes_a_pack_with_every_label_and_a_sheet(made_kind, tmp_path):
    out, sheet = tmp_path / "pack", tmp_path / "sheet.png"
    command = ["synth", str(out), "--kind", "profile", "--count", "4", "--seed", "2"]
    run = CliRunner().invoke(app, [*command, "--side", "96", "--preview", str(sheet)])
    assert run.exit_code == 0, run.output
    found = read_pack(out)
    assert len(found) == 4
    assert found.schemes == {"mesh478": (478, 3), "ibug68-3d": (68, 3), "ibug68": (68, 2)}
    assert found.image(0).shape == (96, 96, 3)
    assert set(sure(found.labels("mesh478").visible).ravel()) == {0, 1}
    assert set(found.person) == {"one"} or set(found.person) == {"two"}
    assert (np.abs(found.pose[:, 0]) >= 12).all()
    assert {"turn", "photo_yaw", "jawOpen", "eyeBlinkLeft"} <= set(found.attribute_names)
    assert cv2.imread(str(sheet)) is not None
    before = files(out)
    assert CliRunner().invoke(app, [*command, "--side", "96"]).exit_code == 0
    assert files(out) == before


def test_another_seed_does_not_go_into_the_same_folder(made_kind, tmp_path):
    command = ["synth", str(tmp_path), "--kind", "profile", "--count", "1", "--side", "64"]
    assert CliRunner().invoke(app, [*command, "--seed", "1"]).exit_code == 0
    again = CliRunner().invoke(app, [*command, "--seed", "2"])
    assert again.exit_code != 0
    assert json.loads((tmp_path / "pack.json").read_text())["subset"] == "seed 1, 1"


def test_an_unknown_kind_is_named(tmp_path):
    run = CliRunner().invoke(app, ["synth", str(tmp_path / "x"), "--kind", "paintings"])
    assert run.exit_code != 0
    assert "paintings" in str(run.exception)
    assert not (tmp_path / "x").exists()


def test_sets_are_refused_where_they_would_change_nothing(tmp_path):
    command = ["synth", str(tmp_path / "x"), "--kind", "free", "--sets", "ytf"]
    run = CliRunner().invoke(app, command)
    assert run.exit_code != 0
    assert "--sets" in str(run.exception)


def test_a_set_without_the_mesh_is_refused(tmp_path):
    with pytest.raises(InputError, match="mesh478"):
        open_profiles(tmp_path, ["wflw"])


def test_a_sheet_needs_a_pictures_ending(make, tmp_path):
    with pytest.raises(InputError, match="png"):
        write_sheet(Series(make, 1, 0), tmp_path / "sheet.doc")
