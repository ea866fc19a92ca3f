"""Building a linear model: a known model's space is found again from samples of it."""

from __future__ import annotations

import numpy as np
import pytest

from bauta import morphable
from bauta.checks import InputError, ModelError
from bauta.morphable.build import align, model_of, principal, read_registered
from bauta.morphable.file import write_model
from bauta.morphable.meshes import read_mesh, read_obj
from bauta.morphable.model import look_rotation

V, MODES = 60, 4
SIGMA = np.array([3.0, 2.0, 1.0, 0.5])


@pytest.fixture(scope="module")
def known():
    """Mean (V, 3) and orthonormal modes (4, V, 3) that neither shift, turn nor scale the mean."""
    rng = np.random.default_rng(0)
    mean = rng.normal(scale=8, size=(V, 3))
    mean -= mean.mean(0)
    motions = [np.tile(axis, (V, 1)) for axis in np.eye(3)]
    motions += [np.cross(axis, mean) for axis in np.eye(3)] + [mean]
    basis = [m.ravel() for m in motions] + list(rng.normal(size=(MODES, 3 * V)))
    Q, _ = np.linalg.qr(np.array(basis).T)
    return mean, Q[:, -MODES:].T.reshape(MODES, V, 3)


def samples(known, count, seed=1):
    mean, modes = known
    a = np.random.default_rng(seed).normal(size=(count, MODES)) * SIGMA
    return mean + np.tensordot(a, modes, 1)


def principal_angles(a, b):
    """Degrees between two subspaces given by rows (Bjorck and Golub 1973)."""
    qa, qb = (np.linalg.qr(x.reshape(len(x), -1).T)[0] for x in (a, b))
    return np.degrees(np.arccos(np.clip(np.linalg.svd(qa.T @ qb, compute_uv=False), -1, 1)))


def test_the_space_of_a_known_model_is_found_again(known):
    built = principal(samples(known, 200))
    assert len(built.modes) == MODES
    assert principal_angles(built.modes, known[1]).max() < 1e-4
    length = np.linalg.norm(built.modes.reshape(MODES, -1), axis=1)
    np.testing.assert_allclose(length, SIGMA, rtol=0.15)
    np.testing.assert_allclose(built.mean, known[0], atol=0.3)
    assert principal_angles(built.modes[:1], known[1][:1]).max() < 15


def test_noise_turns_the_space_by_a_little_only(known):
    noise = np.random.default_rng(2).normal(scale=0.02, size=(300, V, 3))
    built = principal(samples(known, 300) + noise, modes=MODES)
    assert principal_angles(built.modes, known[1]).max() < 10


@pytest.mark.parametrize("kind", ["rigid", "similarity"])
def test_alignment_takes_motion_out(known, kind):
    rng = np.random.default_rng(3)
    still = samples(known, 80)
    moved = []
    for shape in still:
        R = look_rotation(*rng.uniform(-30, 30, 2))
        scale = rng.uniform(0.8, 1.25) if kind == "similarity" else 1.0
        moved.append(scale * shape @ R.T + rng.normal(scale=5, size=3))
    built = principal(align(np.array(moved), kind), modes=MODES)
    s = built.mean - built.mean.mean(0)
    U, _, Wt = np.linalg.svd(known[0].T @ s)
    back = Wt.T @ U.T
    modes = built.modes @ back
    assert principal_angles(modes, known[1]).max() < 12
    raw = principal(np.array(moved), modes=MODES)
    assert principal_angles(raw.modes, known[1]).max() > 45


def test_rigid_alignment_keeps_sizes(known):
    shapes = samples(known, 10) * np.linspace(0.8, 1.2, 10)[:, None, None]
    size = lambda x: np.linalg.norm(x - x.mean(1, keepdims=True), axis=(1, 2))  # noqa: E731
    np.testing.assert_allclose(size(align(shapes, "rigid")), size(shapes))
    spread = size(align(shapes, "similarity"))
    assert spread.std() / spread.mean() < 0.03
    np.testing.assert_array_equal(align(shapes, "none"), shapes)


def test_variance_adds_up(known):
    shapes = samples(known, 50)
    built = principal(shapes)
    total = ((shapes - shapes.mean(0)) ** 2).sum() / 49
    assert built.variance.sum() == pytest.approx(total)
    assert built.explained[-1] == pytest.approx(1)
    assert (np.diff(built.variance) <= 1e-12).all()


def test_modes_are_chosen_by_number_or_by_share(known):
    shapes = samples(known, 100)
    assert len(principal(shapes, modes=2).modes) == 2
    explained = principal(shapes).explained
    assert len(principal(shapes, share=float(explained[1])).modes) == 2
    assert len(principal(shapes, share=float(explained[1]) + 1e-6).modes) == 3
    assert len(principal(shapes, modes=1, share=0.999).modes) == 1
    assert len(principal(shapes, share=1.0).modes) == MODES


def test_no_more_modes_than_shapes_allow(known):
    assert len(principal(samples(known, 3), modes=80).modes) == 2


def test_correlation_lets_small_motions_count(known):
    rng = np.random.default_rng(5)
    shapes = np.tile(known[0], (100, 1, 1))
    shapes[:, 0, 0] += rng.normal(scale=10, size=100)
    shapes[:, 1:30, 1] += rng.normal(scale=0.1, size=100)[:, None]
    first = {kind: principal(shapes, kind).modes[0] for kind in ("covariance", "correlation")}
    assert np.abs(first["covariance"]).argmax() == 0
    assert abs(first["correlation"][5, 1]) == pytest.approx(0.1, rel=0.2)
    assert abs(first["correlation"][0, 0]) < 3


def test_wrong_settings_are_refused(known):
    shapes = samples(known, 5)
    with pytest.raises(InputError, match="modes: expected 1"):
        principal(shapes, modes=0)
    with pytest.raises(InputError, match="share: expected"):
        principal(shapes, share=1.2)
    with pytest.raises(InputError, match="matrix: unknown"):
        principal(shapes, "kernel")
    with pytest.raises(InputError, match="at least 2"):
        principal(shapes[:1])
    with pytest.raises(InputError, match="alignment: unknown"):
        align(shapes, "affine")


TRIANGLES = [[0, 1, 2], [0, 2, 3]]
ROOF = np.array([[-6, -6, 1], [6, -6, 0], [6, 6, 1], [-6, 6, 0]], float)


def ply(path, vertices, form="ascii"):
    head = f"ply\nformat {form} 1.0\ncomment x\nelement vertex {len(vertices)}\n"
    head += "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
    head += "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    if form == "ascii":
        rows = [f"{x} {y} {z} 255" for x, y, z in vertices]
        rows += [f"3 {a} {b} {c}" for a, b, c in TRIANGLES]
        path.write_text(head + "\n".join(rows) + "\n")
        return
    order = "<" if "little" in form else ">"
    body = b"".join(np.array(v, order + "f4").tobytes() + b"\xff" for v in vertices)
    body += b"".join(b"\x03" + np.array(t, order + "i4").tobytes() for t in TRIANGLES)
    path.write_bytes(head.encode() + body)


def obj(path, vertices, faces="f 1 2 3 4"):
    path.write_text("".join(f"v {x} {y} {z}\n" for x, y, z in vertices) + faces + "\n")


def test_every_kind_of_mesh_file_is_read(tmp_path):
    obj(tmp_path / "a.obj", ROOF)
    for form in ("ascii", "binary_little_endian", "binary_big_endian"):
        ply(tmp_path / f"{form}.ply", ROOF + 1, form)
    np.savez(tmp_path / "b.npz", vertices=np.stack([ROOF, ROOF + 2]), triangles=TRIANGLES)
    paths = sorted(tmp_path.iterdir())
    shapes, mesh = read_registered(paths)
    assert paths[0].name == "a.obj"
    np.testing.assert_allclose(shapes[:, 0, 0], [-6, -5, -6, -4, -5, -5])
    np.testing.assert_array_equal(mesh.triangles, TRIANGLES)


def test_faces_of_obj_files(tmp_path):
    obj(tmp_path / "a.obj", ROOF, "f -4 -3 -2\nf 1//1 3//2 4//3")
    np.testing.assert_array_equal(read_obj(tmp_path / "a.obj").triangles, TRIANGLES)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.obj", b"", "no vertices"),
        ("x.obj", b"v 1 2 x\n", "not a readable OBJ"),
        ("x.obj", b"v 1 2 3\nf 1 2 3\n", "a face names 2 of 1"),
        ("x.obj", b"v 1 2 3\nf 0 1 1\n", "a face names 0"),
        ("x.obj", b"v 1 nan 3\n", "NaN"),
        ("x.ply", b"obj\n", "not a PLY"),
        (
            "x.ply",
            b"ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nend_header\n1\n",
            "PLY",
        ),
        ("x.ply", b"ply\nformat text 1.0\nend_header\n", "format 'text'"),
        ("x.stl", b"solid", r"expected \.obj or \.ply"),
    ],
)
def test_a_broken_mesh_file_gets_one_clear_line(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=says):
        read_mesh(tmp_path / name)


def test_meshes_that_are_not_registered_are_named(tmp_path):
    obj(tmp_path / "a.obj", ROOF)
    obj(tmp_path / "b.obj", ROOF[:3], "f 1 2 3")
    obj(tmp_path / "c.obj", ROOF, "f 1 2 3\nf 2 3 4")
    np.savez(tmp_path / "d.npz", other=ROOF)
    with pytest.raises(ModelError, match=r"b\.obj: 3 vertices, expected 4 as in .*a\.obj"):
        read_registered([tmp_path / "a.obj", tmp_path / "b.obj"])
    with pytest.raises(ModelError, match=r"c\.obj: other triangles"):
        read_registered([tmp_path / "a.obj", tmp_path / "c.obj"])
    with pytest.raises(ModelError, match=r"d\.npz: expected arrays"):
        read_registered([tmp_path / "d.npz"])


def test_a_built_model_is_a_model_like_any_other(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for k in range(5):
        obj(tmp_path / f"{k}.obj", ROOF + rng.normal(scale=0.3, size=ROOF.shape))
        paths.append(tmp_path / f"{k}.obj")
    shapes, mesh = read_registered(paths)
    built = principal(align(shapes))
    write_model(tmp_path / "model.npz", model_of(built, mesh, "mine"))
    model = morphable.load(tmp_path / "model.npz")
    assert model.modes == 4
    aligned = align(shapes)
    a = np.array(
        [((s - built.mean) * m).sum() / (m**2).sum() for s in aligned[:1] for m in built.modes]
    )
    np.testing.assert_allclose(model.vertices(a), aligned[0], atol=1e-4)
