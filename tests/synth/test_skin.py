"""Skin learned from photographs: light comes off, gaps are filled, tones stay the person's own."""

import json
from dataclasses import asdict, replace
from zipfile import ZipFile, ZipInfo

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("numba")

from bauta.assets.face import face_model
from bauta.checks import ModelError, SourceError
from bauta.cli.app import app
from bauta.data.cutting import PackSettings
from bauta.data.packs import VERSION
from bauta.morphable.file import read_model, write_model
from bauta.synth import kinds
from bauta.synth.rendered import look as looks
from bauta.synth.rendered import scenery, series, skin_albedo, skin_learn, skin_map
from bauta.synth.rendered.complexion import colours
from bauta.synth.rendered.head import small_head
from bauta.synth.rendered.light import draw_light, irradiance
from bauta.synth.rendered.look import look_of
from bauta.synth.rendered.moment import Moment
from bauta.synth.rendered.person import draw_person
from bauta.synth.rendered.scenery import Photographs
from bauta.synth.rendered.series import open_clips, open_free, sample_of
from bauta.synth.rendered.skin_light import without_light
from bauta.synth.rendered.skin_map import TALL, WIDE, texels
from bauta.synth.rendered.skin_model import MOST, SkinModel, read_skin
from bauta.synth.rendered.skin_modes import components
from bauta.synth.rendered.stage import draw_stage
from sure import sure


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 0.1, (4, 1, 1, 3)) * np.linspace(-1, 1, TALL)[:, None, None]
    maps = np.broadcast_to(smooth, (4, TALL, WIDE, 3)).astype(np.float32)
    return SkinModel(maps[0], maps[1:], np.array([0.4, 0.2, 0.1]), 9)


def facing(count, rng):
    """Normals of what looks at the camera."""
    normals = rng.normal(0, 1, (count, 3)) * (1, 1, 0.4) - (0, 0, 1.2)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_known_albedo_under_known_light_is_found_up_to_its_tone(seed):
    rng = np.random.default_rng(seed)
    normals = facing(8000, rng)
    albedo = np.exp(rng.normal(0, 0.1, (8000, 1)) + rng.normal(0, 0.05, (8000, 3)))
    mole = np.arange(8000) % 25 == 0
    own = albedo * np.where(mole, 0.5, 1)[:, None] * (0.7, 0.45, 0.3)
    light = irradiance(draw_light(rng).even.astype(np.float64), normals)
    found, sure = without_light(own * light, normals, albedo)
    off = found - np.log(own)
    off -= np.median(off, 0)
    assert sure.all()
    assert np.abs(off).mean() < 0.035
    assert np.median(found[mole] - np.log(albedo[mole])) < -0.5
    lit = np.log(own * light) - np.log(own)
    assert np.abs(off).mean() < 0.35 * np.abs(lit - np.median(lit, 0)).mean()


def test_highlights_and_hair_are_not_believed():
    rng = np.random.default_rng(1)
    normals, colour = facing(4000, rng), np.full((4000, 3), 0.3)
    colour[:200], colour[200:400] = 0.9, 0.02
    _, sure = without_light(colour, normals, np.ones((4000, 3)))
    assert not sure[:400].any()
    assert sure[400:].all()


def test_gaps_are_filled_by_what_the_rest_of_the_row_says():
    rng = np.random.default_rng(2)
    mirror = np.arange(120)[::-1].copy()
    axes = rng.normal(0, 1, (3, 120))
    axes += axes[:, mirror]
    rows = (rng.normal(0, 1, (80, 3)) @ axes + 2).astype(np.float32)
    known = rng.random(rows.shape) > 0.3
    known[:, 7] = known[:, mirror[7]] = False
    mean, modes, share = components(np.where(known, rows, np.float32(1e9)), known, mirror, 3)
    seen = np.ones(120, bool)
    seen[[7, mirror[7]]] = False
    assert np.abs(mean[seen] - rows.mean(0)[seen]).max() < 1.0
    assert share.sum() > 0.95
    off, axes = (rows - mean)[:, seen], modes[:, seen]
    left = off - off @ np.linalg.pinv(axes) @ axes
    assert (left**2).sum() < 0.03 * (off**2).sum()
    assert not modes[:, 7].any()


def test_the_map_is_alike_on_both_sides_and_leaves_the_eyes_out():
    t = texels()
    assert (t.mirror[t.mirror] == np.arange(len(t.mirror))).all()
    m = face_model()
    rows = np.full((TALL, WIDE), -1)
    rows[t.mask] = np.arange(len(t.bare))
    for point in (33, 133, 362, 263, 159, 386):  # corners and upper lids of the eyes
        x, y = skin_map.places(m.points("mesh478", m.mean))[point].astype(int)
        assert rows[y, x] < 0 or not t.bare[rows[y, x]]
    assert np.allclose(
        skin_map.places_of_uv(small_head().uv)[:50],
        skin_map.places(small_head().mean)[:50],
        atol=1e-2,
    )


def photo(seed):
    """A rendered head that stands in for a labelled photograph."""
    rng = np.random.default_rng(seed)
    stage = replace(draw_stage(rng), size=120.0, distance=120.0)
    lens = replace(stage.lens, motion=(0.0, 0.0), blur=0.0, grey=False, gain=1.0)
    look = look_of(small_head(), seed, True)
    moment = Moment({}, {"Left": (0, 0), "Right": (0, 0)}, (8.0 * seed - 12, 0, 0))
    return sample_of(f"{seed}", look, replace(stage, lens=lens), moment, rng, "free")


def test_photographs_give_the_skin_of_their_people(monkeypatch):
    monkeypatch.setattr(skin_learn, "FEWEST", 3)
    monkeypatch.setattr(skin_learn, "MODES", 3)
    told = []
    found = skin_learn.learned([photo(seed) for seed in range(4)], told.append)
    assert found.people == 4
    assert found.modes.shape == (3, TALL, WIDE, 3)
    assert told == sorted(told)
    assert told[-1] == 100
    lips, cheek = found.mean[92, 80], found.mean[72, 50]
    assert lips[1] - lips[0] < cheek[1] - cheek[0] - 0.05  # redder
    assert np.isfinite(found.modes).all()
    with pytest.raises(SourceError, match="photographs of 2 people can be used, 3 are needed"):
        skin_learn.learned([photo(seed) for seed in range(2)])


def test_people_are_drawn_alike_by_seed_and_within_bounds(model):
    one, same, other = (model.drawn(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    many = np.stack([model.drawn(np.random.default_rng(seed)) for seed in range(300)])
    assert (many[:, 0] == 1).all()
    assert np.abs(many).max() == MOST
    assert np.abs(many[:, 1:].std(0) - 0.95).max() < 0.15


def test_a_share_of_people_has_learned_skin_of_the_tone_they_had(model):
    head, face = small_head(), small_head().rows("face")
    differ, tones = 0, []
    for seed in range(40):
        look, plain = look_of(head, seed, True, model), look_of(head, seed, True)
        changed = (look.colours != plain.colours).any(1)
        differ += bool(changed.any())
        assert not changed[~face].any()
        assert (look.texture == plain.texture).all()
        tones.append(np.log(look.colours[face].mean() / plain.colours[face].mean()))
    assert abs(differ / 40 - looks.LEARNED) < 0.2
    assert np.abs(tones).max() < 0.25
    assert np.abs(np.mean(tones)) < 0.1


def test_make_up_lies_over_learned_skin(model):
    person = replace(draw_person(3), lipstick=np.array([0.4, 0.0, 0.3, 1.0]))
    head = small_head()
    lips = face_model().regions["lips"]
    bare = colours(head, replace(person, lipstick=None), model)
    assert np.abs(colours(head, person, model)[lips] - bare[lips]).max() > 0.1


def test_files_come_back_and_others_are_refused(model, tmp_path):
    path = tmp_path / "skin.npz"
    model.write(path)
    again = read_skin(path)
    assert np.abs(again.modes - model.modes).max() < 1e-3
    assert again.people == 9
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError, match=r"skin.npz: no skin model.*remove it"):
        read_skin(path)


def ytf_of(folder, picture=b"a", labels=b"12", day=1):
    """Files in the place of ytf's."""
    with ZipFile(folder / "ytf.zip", "w") as archive:
        archive.writestr(ZipInfo("a.jpg", (2020, 1, day, 0, 0, 0)), picture)
    (folder / "ytf_labels.npz").write_bytes(labels)
    (folder / "ytf_boxes.npz").write_bytes(b"12")


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What is read of ytf, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked = []
    monkeypatch.setattr(skin_learn.catalog, "get", lambda name: Reader(asked))
    return asked


def test_it_is_learned_once_and_kept(model, tmp_path, monkeypatch, asked):
    with pytest.raises(SourceError, match=r"ytf.zip: missing"):
        skin_learn.skin_of(tmp_path)
    ytf_of(tmp_path)
    assert not skin_learn.is_known(tmp_path)
    monkeypatch.setattr(skin_learn, "learned", lambda photos, after: model)
    for _ in range(2):
        found = skin_learn.skin_in(tmp_path)
        assert found is not None
        assert found.people == 9
        assert found.fingerprint == skin_learn.fingerprint_of(tmp_path)
        assert skin_learn.is_known(tmp_path)
    assert asked == ["train"]
    ytf_of(tmp_path, picture=b"b")
    assert not skin_learn.is_known(tmp_path)


def test_the_same_photographs_are_known_again_whatever_the_maps_digits(
    model, tmp_path, monkeypatch
):
    ytf_of(tmp_path)
    first = skin_learn.fingerprint_of(tmp_path)
    ytf_of(tmp_path, day=2)  # packed anew
    assert skin_learn.fingerprint_of(tmp_path) == first
    for picture, labels in ((b"b", b"12"), (b"a", b"21")):  # of the same size
        ytf_of(tmp_path, picture, labels)
        assert skin_learn.fingerprint_of(tmp_path) != first
    makers = []
    for off in (0, 1e-3):
        skin = replace(model, mean=model.mean + np.float32(off), fingerprint=first)
        makers.append(series.Stills("rendered", small_head(), Photographs(()), skin).maker)
    assert makers[0] == makers[1]
    assert makers[0]["skin"].endswith(first)
    (tmp_path / "ytf.zip").write_bytes(b"no archive")
    with pytest.raises(SourceError, match=r"ytf.zip: cannot be read"):
        skin_learn.skin_in(tmp_path)


@pytest.mark.parametrize("name", skin_learn.FILES)
def test_without_one_of_its_files_skin_is_procedural(tmp_path, asked, name):
    ytf_of(tmp_path)
    (tmp_path / name).unlink()
    assert skin_learn.is_known(tmp_path)
    assert skin_learn.skin_in(tmp_path) is None
    told = series.Stills("rendered", small_head(), Photographs(())).maker["skin"]
    assert told.startswith("procedural")
    assert name in told


def test_with_too_few_people_skin_is_procedural_and_that_is_kept(tmp_path, asked):
    ytf_of(tmp_path)
    for _ in range(2):
        assert skin_learn.skin_in(tmp_path) is None
        assert skin_learn.is_known(tmp_path)
    assert asked == ["train"]
    with pytest.raises(SourceError, match="photographs of 0 people can be used, 20 are needed"):
        skin_learn.skin_of(tmp_path)


def test_the_command_refuses_before_it_learns(tmp_path, monkeypatch, asked):
    ytf_of(tmp_path)
    out = tmp_path / "x"
    command = ["synth", str(out), "--kind", "rendered", "--data", str(tmp_path), "--count", "2"]
    run = CliRunner().invoke(app, command)
    assert "negatives.zip: missing" in str(run.exception)
    monkeypatch.setattr(scenery, "read_photographs", lambda root: Photographs(()))
    head = {"version": VERSION, "complete": False, "set": "synth-rendered", "subset": "seed 0"}
    rest = {"settings": asdict(PackSettings()), "taken": 5, "unreadable": {}, "repeats": 0}
    out.mkdir()
    (out / "pack.json").write_text(json.dumps(head | rest | {"shards": [], "maker": {"a": "b"}}))
    for more, said in (([], "has 5 samples, now 2"), (["--seed", "1"], "seed 0, now seed 1")):
        assert said in str(CliRunner().invoke(app, [*command, *more]).exception)
    side = CliRunner().invoke(app, [*command, "--side", "64"])
    assert "side 192, now 64" in str(side.exception)
    assert asked == []


def test_the_bar_is_shown_only_when_there_is_something_to_learn(tmp_path, monkeypatch, asked):
    ytf_of(tmp_path)
    monkeypatch.setattr(scenery, "read_photographs", lambda root: Photographs(()))
    learn = sure(kinds.KINDS["rendered"].learn)
    sure(learn(tmp_path))(lambda percent: None)
    assert asked == ["train"]
    assert learn(tmp_path) is None


class Reader:
    def __init__(self, asked):
        self.asked = asked

    def read(self, root, subset):
        self.asked.append(subset)
        return []


def test_free_heads_never_ask_for_it(tmp_path, monkeypatch):
    def never(*_):
        raise AssertionError

    for name in ("ytf.zip", "ytf_labels.npz"):
        (tmp_path / name).write_bytes(b"12")
    monkeypatch.setattr(series, "skin_in", never)
    for make in (open_free(tmp_path), open_clips(tmp_path)):
        assert "skin" not in make.maker
    assert open_free(tmp_path).skin is None


def test_the_albedo_basis_is_one_of_the_face_model(model, tmp_path, monkeypatch):
    monkeypatch.setattr(skin_albedo, "PEOPLE", 40)
    monkeypatch.setattr(skin_albedo, "MODES", 6)
    face, told = skin_albedo.with_albedo(face_model(), model)
    write_model(tmp_path / "face.npz", face, half=True)
    again = read_model(tmp_path / "face.npz")
    assert again.albedo is not None
    assert again.albedo.shape == (6, len(face.mean), 3)
    assert 0.8 < told <= 1
    skin = again.of_parts("face")
    dark, light = (again.colours(np.array([v]))[skin].mean() for v in (-1.5, 1.5))
    assert max(dark, light) > 2 * min(dark, light)  # the first mode is the tone
    assert "research-only" in again.licence


def test_the_sheet_shows_mean_modes_and_drawn_skins():
    maps = np.zeros((10, TALL, WIDE, 3), np.float32)
    maps[3, :, :80] = 0.1
    picture = skin_albedo.sheet(SkinModel(maps[0], maps[1:], np.ones(9) / 9, 5))
    assert picture.shape == (3 * TALL, 9 * WIDE, 3)
    tile = lambda row, k: picture[row * TALL + 60, k * WIDE + 40].astype(int)  # noqa: E731
    assert (tile(0, 3) < tile(0, 0)).all()
    assert (tile(1, 3) > tile(1, 0)).all()
    assert (tile(1, 4) == tile(1, 0)).all()
    assert (tile(2, 8) < tile(2, 0)).all()
