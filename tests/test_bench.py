"""`bauta bench`: who takes part, in which order, and numbers of trackers that are known."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from bauta.bench import run as racing
from bauta.bench.trackers import installed_peers, open_tracker
from bauta.checks import InputError
from bauta.cli import bench  # noqa: F401  the verb joins the application
from bauta.cli.app import app
from bauta.demo.run import CLIP

PEER = """
import numpy as np

FACE = np.random.default_rng(0).uniform(100, 300, (68, 2))
FACE[36], FACE[45] = (150, 200), (250, 200)

def open(smooth):
    \"\"\"Moves two pixels a frame along a line, and shakes by one where it is not smooth.\"\"\"
    count = [0]

    def follow(image, time):
        count[0] += 1
        if count[0] == 3:
            return None
        shake = 0 if smooth else (-1) ** count[0]
        return FACE + [2.0 * count[0] + shake, 0]

    return follow
"""


def test_trackers_take_turns():
    found = racing.plan(["a", "b"], 2)
    assert [name for name, kind, _ in found if kind == racing.TRACK] == ["a", "b", "a", "b"]
    assert sorted(kind for name, kind, _ in found if name == "a") == sorted(
        [racing.TRACK] * 2 + [racing.RAW, racing.STILL, racing.RAW_STILL]
    )


def test_a_peer_of_a_file_beside_our_model(tmp_path):
    peer = tmp_path / "steady.py"
    peer.write_text(PEER)
    line = f"bench {CLIP} --model nano --peer {peer} --frames 40 --rounds 1 --json --out {tmp_path}"
    found = CliRunner().invoke(app, line.split())
    assert found.exit_code == 0, found.output
    said = json.loads((tmp_path / "results.json").read_text())["trackers"]
    steady = said[str(peer)]
    assert steady["found"] == pytest.approx(100 * 39 / 40)
    assert steady["jitter"] == pytest.approx(0, abs=1e-4)
    assert steady["lids"] is None  # nothing was marked
    # the raw one swings by a pixel either way, of an eye distance of 100
    copies = np.arange(1, 61)[np.arange(60) != 2]
    swing = 2.0 * copies + (-1.0) ** copies
    assert steady["still, raw"] == pytest.approx(100 * swing.std() / 100, rel=0.01)
    assert said["nano"]["found"] == 100
    assert 0 < said["nano"]["ms"] < 1000
    assert said["nano"]["MB"] > 50


def test_what_cannot_take_part_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        open_tracker("gone.py", True)
    (tmp_path / "idle.py").write_text("x = 1")
    with pytest.raises(InputError, match="defines no function open"):
        open_tracker(str(tmp_path / "idle.py"), True)
    (tmp_path / "odd.py").write_text("open = lambda smooth: lambda image, time: [[1, 2]] * 5")
    with pytest.raises(InputError, match="478 or 68"):
        open_tracker(str(tmp_path / "odd.py"), True)(np.zeros((9, 9, 3), np.uint8), 0.0)
    if not installed_peers():
        with pytest.raises(InputError, match="pip install mediapipe"):
            open_tracker("mediapipe", True)


def test_the_words_of_one_that_fails_are_passed_on(tmp_path):
    (tmp_path / "broken.py").write_text("def open(smooth):\n    raise RuntimeError('no weights')")
    with pytest.raises(InputError, match=r"broken.*no weights"):
        racing.run(str(CLIP), [str(tmp_path / "broken.py")], 30, 1, tmp_path, lambda done: None)
