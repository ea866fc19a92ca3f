"""The picture of docs/face-model.md: the head that ships, its points, parts and texture layout.

python scripts/draw_face_model.py [OUT.png] [--sheet points|expressions|uv]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.export.parts import part_colours, srgb
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import vertex_normals
from bauta.geometry.rotation import from_angles
from bauta.morphable.contour import contour68
from bauta.morphable.model import FaceModel
from bauta.render.raster import rasterise

TILE = (230, 290)
PAPER = 255
MIDDLE = np.array([0.0, -3.0, -6.0])
"""Head axes, centimetres: the middle of the picture, about which the head turns."""
COARSE = 15
"""Steps of brightness in the picture of the docs, so that it stays small."""
LOOK = {"jawOpen": 0.5, "mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "eyeBlinkLeft": 1.0}
LOOK |= {"browInnerUp": 0.7, "eyeLookOutRight": 0.8}
SCHEMES = ("ibug68", "ibug68-3d", "fs70", "wflw98", "jd106", "insightface106", "mesh478")
VIEWS = ((0, 0, {}), (45, 0, {}), (-45, 20, {}), (90, 0, {}), (0, 0, LOOK), (45, 0, LOOK))


def plain_colours(model: FaceModel) -> np.ndarray:
    """(V, 3) 0..255, as heads without a texture have them."""
    return 255 * srgb(part_colours(model, model.mean))


def shaded(
    model: FaceModel, vertices: np.ndarray, R: np.ndarray, zoom: float = 1.0
) -> tuple[np.ndarray, np.ndarray, Camera]:
    """Picture (H, W, 3) uint8, translation and camera of a head in the middle of a tile."""
    width, height = TILE
    camera = Camera.of_fov(width, height, 22.0)
    t = np.array([0, 0, 78.0 / zoom]) - R @ MIDDLE
    seen = vertices @ R.T + t
    raster = rasterise(seen, model.triangles, camera, TILE, samples=2)
    normal = vertex_normals(vertices, model.triangles) @ R.T
    light = 0.35 + 0.65 * np.clip(normal @ np.array([-0.35, -0.5, -0.79]), 0, 1)
    colour, cover = raster.shade(model.triangles, plain_colours(model) * light[:, None])
    return (colour + PAPER * (1 - cover[..., None])).clip(0, 255).astype(np.uint8), t, camera


def points_on(model: FaceModel, scheme: str, vertices: np.ndarray, R: np.ndarray) -> np.ndarray:
    """(K, 3) points of a scheme; `ibug68` with its outline in this view."""
    if scheme == "ibug68":
        return contour68(model, vertices, R)
    return model.points(scheme, vertices)


def label(image: np.ndarray, text: str, at: tuple[int, int] = (6, 16)) -> None:
    """Small dark text."""
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA)


def points_tile(model: FaceModel, scheme: str, view: tuple) -> np.ndarray:
    """One head with the points of a scheme; those that face away are hollow."""
    yaw, pitch, expression = view
    vertices = model.vertices(None, model.weights(expression))
    R = from_angles(yaw, pitch, 0)
    image, t, camera = shaded(model, vertices, R)
    points = points_on(model, scheme, vertices, R)
    for index, (u, v) in enumerate(camera.project(points @ R.T + t)):
        colour = (200, 30, 30) if scheme.startswith("ibug68") and index < 17 else (20, 70, 200)
        where = (round(float(u) * 16), round(float(v) * 16))
        radius = 20 if scheme == "mesh478" else 32
        cv2.circle(image, where, radius, colour, -1, cv2.LINE_AA, 4)
    label(image, f"{scheme}  yaw {yaw}" + (f" pitch {pitch}" if pitch else ""))
    return image


def points_sheet(model: FaceModel, schemes: tuple[str, ...] = SCHEMES) -> np.ndarray:
    """Rows: schemes; columns: views."""
    return np.concatenate(
        [np.concatenate([points_tile(model, s, view) for view in VIEWS], 1) for s in schemes]
    )


def expressions_sheet(model: FaceModel, columns: int = 9) -> np.ndarray:
    """Every expression at weight 1."""
    tiles = []
    for name in model.expression_names:
        image, _, _ = shaded(
            model, model.vertices(None, model.weights({name: 1})), from_angles(15, 0, 0), 1.5
        )
        label(image, name)
        tiles.append(image)
    tiles += [np.full_like(tiles[0], PAPER)] * (-len(tiles) % columns)
    return np.concatenate(
        [np.concatenate(tiles[k : k + columns], 1) for k in range(0, len(tiles), columns)]
    )


def uv_sheet(model: FaceModel, size: int = 1400) -> np.ndarray:
    """Triangles in texture space, in the colours of their parts; turned-over ones in red."""
    assert model.uv is not None
    assert model.uv_triangles is not None
    image = np.full((size, size, 3), PAPER, np.uint8)
    colours = plain_colours(model)
    pixels = np.stack([model.uv[:, 0], 1 - model.uv[:, 1]], 1) * size
    for corners, triangle in zip(model.uv_triangles, model.triangles, strict=True):
        a, b, c = pixels[corners]
        area = (b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0]
        colour = colours[triangle[0]].tolist() if area < 0 else (230, 40, 40)
        shape = np.round(pixels[corners] * 16).astype(np.int32)
        cv2.fillConvexPoly(image, shape, colour, cv2.LINE_AA, 4)
        cv2.polylines(image, [shape], True, (90, 90, 90), 1, cv2.LINE_AA, 4)
    return image


def main() -> None:
    """Draw one sheet."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("docs/face-model.png"))
    parser.add_argument("--sheet", choices=("docs", "points", "expressions", "uv"), default="docs")
    options = parser.parse_args()
    model = face_model()
    if options.sheet == "uv":
        image = uv_sheet(model)
    elif options.sheet == "expressions":
        image = expressions_sheet(model)
    else:
        some = ("ibug68", "ibug68-3d", "wflw98", "jd106")
        image = points_sheet(model, some if options.sheet == "docs" else SCHEMES)
    if options.sheet == "docs":
        image = cv2.resize(image, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
        image = (np.round(image / COARSE) * COARSE).astype(np.uint8)
    cv2.imwrite(str(options.out), image[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
