"""`bauta morph`: the jobs of the command line, as a person runs them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from bauta import morphable
from bauta.checks import InputError, ModelError, SinkError
from bauta.cli.app import app
from bauta.morphable.file import read_model, write_model
from small_head import small_head

ROOF = np.array([[-6, -6, 1], [6, -6, 0], [6, 6, 1], [-6, 6, 0]], float)


def run(*words):
    result = CliRunner().invoke(app, ["morph", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def meshes(tmp_path):
    rng = np.random.default_rng(0)
    shapes = ROOF * 10 + rng.normal(scale=3, size=(6, 4, 3))
    np.savez(tmp_path / "heads.npz", vertices=shapes, triangles=[[0, 1, 2], [0, 2, 3]])
    return tmp_path / "heads.npz"


def test_build_writes_a_model_and_prints_what_its_modes_explain(meshes, tmp_path):
    out = tmp_path / "mine.npz"
    result = run("build", meshes, "-o", out, "--modes", 3, "--unit", "mm")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["modes", "variance", "explained"]
    assert [line.split()[0] for line in lines if line.endswith("kept")] == ["3"]
    assert lines[-1].split()[2] == "100.00%"
    model = morphable.load(out)
    assert model.modes == 3
    assert np.ptp(model.mean[:, 0]) == pytest.approx(12, abs=1)


def test_build_options_change_the_model(meshes, tmp_path):
    models = {}
    for name, words in {
        "plain": [],
        "none": ["--align", "none"],
        "similar": ["--align", "similarity"],
        "correlation": ["--matrix", "correlation"],
        "share": ["--share", 0.5],
    }.items():
        run("build", meshes, "-o", tmp_path / f"{name}.npz", *words)
        models[name] = read_model(tmp_path / f"{name}.npz")
    plain = models.pop("plain")
    for name, model in models.items():
        same = model.identity.shape == plain.identity.shape
        assert not same or np.abs(model.identity - plain.identity).max() > 1e-3, name
    assert models["share"].modes < plain.modes


def test_build_takes_a_folder_of_meshes(meshes, tmp_path):
    folder = tmp_path / "heads"
    folder.mkdir()
    with np.load(meshes) as file:
        for k, shape in enumerate(file["vertices"]):
            lines = [f"v {x} {y} {z}" for x, y, z in shape] + ["f 1 2 3", "f 1 3 4"]
            (folder / f"{k}.obj").write_text("\n".join(lines))
    (folder / "notes.txt").write_text("not a mesh")
    assert "6 shapes" in run("build", folder, "-o", tmp_path / "a.npz").stderr
    run("build", meshes, "-o", tmp_path / "b.npz")
    built, same = read_model(tmp_path / "a.npz"), read_model(tmp_path / "b.npz")
    np.testing.assert_allclose(built.mean, same.mean, atol=1e-4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="without meshes"):
        run("build", tmp_path / "empty", "-o", tmp_path / "x.npz")


def test_build_replaces_nothing_unasked(meshes, tmp_path):
    out = tmp_path / "mine.npz"
    run("build", meshes, "-o", out)
    with pytest.raises(SinkError, match="exists already"):
        run("build", meshes, "-o", out)
    assert run("build", meshes, "-o", out, "--force").exit_code == 0
    with pytest.raises(InputError, match=r"is an \.npz file"):
        run("build", meshes, "-o", tmp_path / "mine.obj")
    with pytest.raises(InputError, match="unit: unknown 'inch'"):
        run("build", meshes, "-o", tmp_path / "x.npz", "--unit", "inch")


def test_info_tells_what_a_file_holds(tmp_path):
    write_model(tmp_path / "small.npz", small_head())
    facts = json.loads(run("info", tmp_path / "small.npz", "--json").stdout)
    assert facts["vertices"] == 6
    assert facts["identity"] == 2
    assert facts["albedo"] == 1
    assert facts["expressions"] == ["eyeLookOutLeft", "jawOpen", "mouthClose"]
    assert facts["size_cm"] == [2.0, 2.0, 5.0]
    assert "vertices     6" in run("info", tmp_path / "small.npz").stdout


def test_info_without_a_file_is_about_the_head_that_ships():
    facts = json.loads(run("info", "--json").stdout)
    assert facts["name"] == "bauta"
    assert len(facts["expressions"]) == 51
    assert facts["unsupported"] == ["tongueOut"]
    assert "MIT" in facts["licence"]


def test_convert_writes_our_format(tmp_path):
    write_model(tmp_path / "small.npz", small_head())
    run("convert", tmp_path / "small.npz", "-o", tmp_path / "full.npz")
    run("convert", tmp_path / "small.npz", "-o", tmp_path / "half.npz", "--half")
    np.testing.assert_array_equal(read_model(tmp_path / "full.npz").identity, small_head().identity)
    with np.load(tmp_path / "half.npz") as file:
        assert file["identity"].dtype == np.float16
    with pytest.raises(InputError, match="goes with an eos"):
        run("convert", tmp_path / "small.npz", "-o", tmp_path / "x.npz", "--blendshapes", "b.bin")
    with pytest.raises(ModelError, match="no such file"):
        run("convert", tmp_path / "none.pkl", "-o", tmp_path / "x.npz")
