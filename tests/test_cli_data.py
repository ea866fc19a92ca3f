"""`bauta data pack` and `bauta data show` as a user meets them, on a folder of made-up pictures."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from bauta.data.packs import read_pack
from made_faces import FEW, dotted, points_of

RECIPE = """
task = "landmarks"
[data]
packs = ["{packs}"]
absent = 0.2
[network]
size = 48
schemes = ["ibug68"]
"""


def bauta(*arguments, folder):
    command = [sys.executable, "-m", "bauta", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Twelve faces of twelve people with .pts files, whose pixel centres count from 1."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(12):
        points = points_of("ibug68", (5 * index - 30, 0, 0))[:, :2]
        person = folder / f"person{index}"
        person.mkdir()
        cv2.imwrite(str(person / "1.png"), dotted(points[FEW], level=50 + index))
        lines = [f"{x + 0.5:.4f} {y + 0.5:.4f}" for x, y in points]
        text = "version: 1\nn_points: 68\n{\n" + "\n".join(lines) + "\n}\n"
        (person / "1.pts").write_text(text)
    return folder


@pytest.fixture(scope="module")
def packed(pictures):
    out = pictures.parent / "packed"
    run = bauta("data", "pack", "folder", pictures, "-o", out, folder=pictures.parent)
    assert run.returncode == 0, run.stderr
    return out, run


def test_pack_says_what_it_wrote_and_on_whose_terms(packed):
    out, run = packed
    assert run.stdout.startswith(f"{out}: 12 crops, ")
    assert "licence" in run.stderr
    found = read_pack(out)
    assert len(found) == 12
    assert found.image(0).shape == (192, 192, 3)


def test_small_packs_are_smaller_and_options_still_count(pictures, tmp_path):
    small, fine = tmp_path / "small", tmp_path / "fine"
    for arguments in ((small,), (fine, "--side", "160", "--margin", "1.5")):
        run = bauta(
            "data", "pack", "folder", pictures, "--small", "-o", *arguments, folder=tmp_path
        )
        assert run.returncode == 0, run.stderr
    assert read_pack(small).image(0).shape == (128, 128, 3)
    found = read_pack(fine)
    assert found.image(0).shape == (160, 160, 3)
    assert found.frame[0, 2] == pytest.approx(160 / 1.5)
    assert (small / "00000.webps").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch", "."), "unknown 'nosuch'"),
        (("wflw",), "PATH: missing"),
        (("folder", "nowhere"), "nowhere"),
        (("folder", ".", "--schemes", "ibug86"), "unknown 'ibug86'"),
        (("folder", ".", "--quality", "200"), "quality 1..100"),
    ],
)
def test_what_cannot_be_packed_is_one_line(pictures, tmp_path, arguments, said):
    run = bauta("data", "pack", *arguments, "-o", tmp_path / "p", folder=pictures)
    assert run.returncode == 1
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_show_draws_the_recipe_s_crops(packed, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text(RECIPE.format(packs=packed[0]))
    out = tmp_path / "new" / "show.png"
    options = ("--count", 6, "--columns", 3, "-o", out)
    run = bauta("data", "show", recipe, *options, folder=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(out)
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape == (2 * 96, 3 * 96, 3)
    assert (np.abs(picture.astype(int) - (90, 220, 90)).max(-1) < 12).sum() > 100
    other = bauta("data", "show", recipe, *options, "--seed", 1, folder=tmp_path)
    assert other.returncode == 0
    assert (cv2.imread(str(out)) != picture).any()


def test_show_refuses_what_a_recipe_may_not_say(packed, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text(RECIPE.format(packs=packed[0]))
    for change, said in (
        ("augment.geometry.rotate=3", "did you mean 'rotation'"),
        ("data.packs=['gone']", "gone"),
        ("augment.occlusion.shapes=['umbrella']", "umbrella"),
    ):
        run = bauta("data", "show", recipe, "--set", change, folder=tmp_path)
        assert run.returncode == 1
        assert said in run.stderr
        assert "Traceback" not in run.stderr


def test_show_needs_no_torch(packed, tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None; from bauta.train.dataset import *; "
        "from bauta.train.augment import *; from bauta.train.show import sheet; "
        f"sheet(FaceCrops(DataSettings(({str(packed[0])!r},)), Augment(), 48).batch(0, 0, 2), 2)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
