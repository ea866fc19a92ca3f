"""`bauta synth`: what it writes, and how it goes on."""

import json
import os
import signal
import subprocess
import sys
import time
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
from bauta.synth.preview import numbers, write_sheet
from bauta.synth.profile.series import ProfileClips, Profiles, open_profiles
from photographed import photographed
from sure import sure

SETTINGS = PackSettings(side=96, shard=2)
TESTS = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TESTS)}
SLOW = """
import sys, time
from pathlib import Path
from bauta import cli
from bauta.synth import kinds
from made_faces import sample

waiting = Path(sys.argv.pop(1))

class Slow:
    frames, maker = 1, {"maker": "1"}

    def __call__(self, index, seed):
        if index == 150 and not waiting.exists():
            waiting.touch()
            time.sleep(60)
        return sample(index)

kinds.KINDS["profile"] = kinds.Kind("made", lambda root, sets: Slow())
cli.main()
"""


class Power:
    """Makes samples until it fails at a number, and keeps count."""

    frames = 1

    def __init__(self, make, fails_at=None):
        self.make, self.fails_at, self.made = make, fails_at, []
        self.maker = make.maker

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
    assert "seed 1, now seed 2" in str(again.exception)
    assert json.loads((tmp_path / "pack.json").read_text())["subset"] == "seed 1"


def test_a_larger_count_makes_a_pack_larger(made_kind, tmp_path):
    command = ["synth", str(tmp_path), "--kind", "profile", "--side", "64", "--count"]
    for count in ("2", "3"):
        assert CliRunner().invoke(app, [*command, count]).exit_code == 0
    assert len(read_pack(tmp_path)) == 3
    fewer = CliRunner().invoke(app, [*command, "2"])
    assert fewer.exit_code != 0
    assert "has 3 samples, now 2" in str(fewer.exception)


def test_what_it_is_made_of_is_said_and_kept_to(made_kind, make, tmp_path, monkeypatch):
    command = ["synth", str(tmp_path), "--kind", "profile", "--side", "64", "--count"]
    first = CliRunner().invoke(app, [*command, "1"])
    assert f"photographs {make.maker['photographs']}" in first.stderr
    assert json.loads((tmp_path / "pack.json").read_text())["maker"] == make.maker
    other = Profiles([photographed(person="one")])
    monkeypatch.setitem(kinds.KINDS, "profile", Kind("made", lambda root, sets: other))
    again = CliRunner().invoke(app, [*command, "2"])
    assert again.exit_code != 0
    assert make.maker["photographs"] in str(again.exception)
    assert other.maker["photographs"] in str(again.exception)
    assert len(read_pack(tmp_path)) == 1


def test_a_pack_from_before_makers_were_kept_goes_on_and_says_so(made_kind, make, tmp_path):
    old = PackSettings(side=64, shard=500)
    pack(Series(make, 1, 0), tmp_path, "synth-profile", old, "seed 0, 1")
    command = ["synth", str(tmp_path), "--kind", "profile", "--side", "64", "--count", "2"]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.output
    assert "the first 1 samples are from before" in run.stderr
    assert len(read_pack(tmp_path)) == 2


@pytest.mark.parametrize("side", ["0", "31", "257", "5000"])
def test_a_side_that_cannot_be_drawn_is_refused(made_kind, tmp_path, side):
    command = ["synth", str(tmp_path / "x"), "--kind", "profile", "--count", "1", "--side", side]
    run = CliRunner().invoke(app, command)
    assert run.exit_code != 0
    assert "--side" in run.output
    assert not (tmp_path / "x").exists()


def test_a_preview_that_cannot_be_written_is_refused_before_anything_is_made(made_kind, tmp_path):
    sheet = tmp_path / "sheet.png"
    sheet.write_bytes(b"a picture of mine")
    (tmp_path / "file").write_bytes(b"")
    command = ["synth", str(tmp_path / "x"), "--kind", "profile", "--count", "1", "--preview"]
    for path, said in ((sheet, "exists already"), (tmp_path / "file" / "a.png", "is a file")):
        run = CliRunner().invoke(app, [*command, str(path)])
        assert run.exit_code != 0
        assert said in str(run.exception)
        assert not (tmp_path / "x").exists()
    assert sheet.read_bytes() == b"a picture of mine"
    assert CliRunner().invoke(app, [*command, str(sheet), "--force"]).exit_code == 0
    assert cv2.imread(str(sheet)) is not None


def test_a_folder_of_data_that_is_not_there_is_named(tmp_path):
    command = ["synth", str(tmp_path / "x"), "--kind", "free", "--data", str(tmp_path / "no")]
    run = CliRunner().invoke(app, command)
    assert run.exit_code != 0
    assert "--data: no folder" in str(run.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_says_how_many_are_kept_and_the_same_call_goes_on(tmp_path):
    """Through the real entry point, with a kind whose 150th sample takes for ever."""
    out, waiting = tmp_path / "pack", tmp_path / "waiting"
    command = [sys.executable, "-c", SLOW, str(waiting)]
    command += ["synth", str(out), "--kind", "profile", "--count", "160", "--side", "32"]
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=ENVIRONMENT)
    limit = time.monotonic() + 120
    while not waiting.exists() and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"interrupted: 100 of 160 are kept in {out}; the same call goes on" in err
    assert "Traceback" not in err
    again = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert again.returncode == 0, again.stderr
    assert len(read_pack(out)) == 160


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


def test_a_sheet_of_clips_shows_moments_that_differ():
    assert numbers(3, 1) == [0, 1, 2]
    assert numbers(1000, 1)[-1] == 999
    for count in (1, 24, 360):
        shown = np.array(numbers(count, 90)).reshape(4, 6)
        assert (shown // 90 == np.arange(4)[:, None]).all()
        assert (np.diff(shown % 90, axis=1) > 15).all()
    long = np.array(numbers(9000, 90)).reshape(4, 6) // 90
    assert long[:, 0].tolist() == [0, 33, 66, 99]


def test_the_sheet_of_a_short_series_of_clips_is_full(tmp_path):
    make = ProfileClips([photographed(person="one")])
    write_sheet(Series(make, 5, 0), tmp_path / "sheet.png")
    sheet = sure(cv2.imread(str(tmp_path / "sheet.png")))
    assert min(sheet.shape[:2]) >= 4 * 256


def test_a_sheet_needs_a_pictures_ending(make, tmp_path):
    with pytest.raises(InputError, match="png"):
        write_sheet(Series(make, 1, 0), tmp_path / "sheet.doc")
