import numpy as np

from bauta.export.mesh import to_obj, to_ply
from moving_head import moving_head

ANIMATION = moving_head(13)
MODEL, VERTICES = ANIMATION.model, ANIMATION.vertices(12)


def read_obj(data):
    table = {"v": [], "vt": [], "vn": [], "f": []}
    for line in data.decode().splitlines():
        kind, *values = line.split()
        if kind == "f":
            table["f"].append([[int(k) - 1 for k in corner.split("/")] for corner in values])
        elif kind in table:
            table[kind].append([float(v) for v in values])
    return {kind: np.array(rows) for kind, rows in table.items()}


def read_ply(data):
    head, body = data.split(b"end_header\n", 1)
    lines = head.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    count = {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("element")}
    names = [line.split()[2] for line in lines if line.startswith("property float")]
    size = 4 * len(names) * count["vertex"]
    table = np.frombuffer(body[:size], "<f4").reshape(-1, len(names))
    faces = np.frombuffer(body[size:], [("n", "u1"), ("rows", "<i4", 3)])
    assert len(faces) == count["face"]
    assert (faces["n"] == 3).all()
    return {name: table[:, k] for k, name in enumerate(names)}, faces["rows"]


def outward(points, normals, triangles):
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return ((np.cross(b - a, c - a) * normals).sum(1) >= -1e-6).mean()


def test_obj_holds_the_frame():
    obj = read_obj(to_obj(VERTICES, MODEL))
    np.testing.assert_allclose(obj["v"], VERTICES, atol=1e-5)
    np.testing.assert_array_equal(obj["f"][:, :, 0], MODEL.triangles)
    np.testing.assert_array_equal(obj["f"][:, :, 2], MODEL.triangles)
    assert obj["f"][:, :, 1].max() == len(obj["vt"]) - 1
    assert obj["vt"].min() >= 0
    assert obj["vt"].max() <= 1
    assert outward(obj["v"], obj["vn"][MODEL.triangles].sum(1), MODEL.triangles) > 0.98
    assert b"MIT License" in to_obj(VERTICES, MODEL)


def test_ply_holds_the_same_surface():
    obj, (ply, faces) = read_obj(to_obj(VERTICES, MODEL)), read_ply(to_ply(VERTICES, MODEL))
    points = np.stack([ply[name] for name in "xyz"], 1)
    np.testing.assert_allclose(points[faces], obj["v"][obj["f"][:, :, 0]], atol=1e-5)
    uv = np.stack([ply["s"], ply["t"]], 1)
    np.testing.assert_allclose(uv[faces], obj["vt"][obj["f"][:, :, 1]], atol=1e-5)
    normals = np.stack([ply[name] for name in ("nx", "ny", "nz")], 1)
    np.testing.assert_allclose(normals[faces], obj["vn"][obj["f"][:, :, 2]], atol=1e-4)
