"""From a labelled photograph to a textured head that can be turned.

The face model is fitted to the `mesh478` labels. Its vertices are then moved across the line of
sight by what the fit leaves over, so that the photograph lies on the surface where the labels say,
and every label becomes a point in space: on its line of sight, at the depth of the fitted point.
Turned by nothing, the labels are the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.checks import InputError
from bauta.crop import Roi, mesh_rotation
from bauta.data.framing import frame_of
from bauta.data.sample import Labels, Sample
from bauta.fit import FaceFitter, FitPoints, FitSettings, fit_points
from bauta.geometry import affine
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import edges_of, vertex_normals
from bauta.morphable.contour import JAW, contour68
from bauta.regress.landmarks import cut
from bauta.render.head import OUTER
from bauta.render.raster import rasterise
from bauta.synth.profile.colours import neighbours, skin_colours

SIDE = 352
"""Pixels of the part of the photograph that is kept."""
ROOM = 2.6
"""Its side over the face's own square."""
FOV = 28.0
"""Degrees across it: a face some 120 cm away."""
SMALLEST = 60.0
"""Pixels of the face's own square below which a photograph is too coarse."""
WORST = 0.02
"""Residual of the fit (root mean square) over the face's size, beyond which it is left out."""
DOUBT = 0.3
"""Mean weight of the mesh below which a photograph is left out."""
SIGMA = 0.01
"""Expected error of the labels over the face's own square."""
REACH = 1.2
"""Centimetres over which neighbouring labels move the surface."""
ALONE = 0.3
"""How far from labels the surface stays as it was fitted: their summed weight that counts half."""
ROUND = 0.7
"""Centimetres of skin whose mean direction says whether a point faces the camera."""
BEHIND = 0.8
"""Centimetres behind the nearest surface within which a point is not hidden by it."""
EDGE = 3
"""Pixels from the photograph's border within which it is not believed."""
BLUR, FEATHER = 31, 12
"""Pixels: how much, and how soon, the picture blurs outside of the photograph."""
PIVOT = (0.0, -2.0, -7.0)
"""Head axes, centimetres: the middle of the skull, about which heads turn."""
SIDES = (0.0, 2.0)
"""Depth behind which, and height below which, what lies beside a hidden place is not believed
either: background shows through there. Head axes of the mean head."""
NECK = (-12.0, -18.0)
"""Heights, head axes of the mean head: above the first all turns, below the second nothing."""
GUESSED = 0.3
"""Weight of labels that come from the fitted head alone."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Labels of one scheme as points in space."""

    scheme: str
    points: np.ndarray
    """(K, 3) camera axes, centimetres."""
    normals: np.ndarray
    """(K, 3) of the skin about there, outwards, unit length."""
    z: np.ndarray
    """(K,) pixels: the labels' own z less that of the points; it fades as the head turns."""
    weight: np.ndarray
    """(K,)"""


@dataclass(frozen=True, eq=False)
class Lifted:
    """A photograph on the head that is in it. Camera axes, centimetres; pixels of `texture`."""

    texture: np.ndarray
    """(SIDE, SIDE, 3) uint8 RGB; outside of the photograph its border goes on."""
    T_texture_photo: np.ndarray
    """(2, 3)"""
    camera: Camera
    vertices: np.ndarray
    """(V, 3) of the face model."""
    places: np.ndarray
    """(V, 2) pixels where the vertices are seen."""
    colours: np.ndarray
    """(V, 3) 0..255, smooth, for what the photograph does not show."""
    shown: np.ndarray
    """(V,) 0..1, how well the photograph shows the surface."""
    R: np.ndarray
    """R_camera_head (3, 3) of the fit."""
    R_labels: np.ndarray
    """R_camera_head (3, 3) by the labels, as `bauta.crop.mesh_rotation` has it."""
    pivot: np.ndarray
    """(3,)"""
    marks: tuple[Marks, ...]
    """`mesh478`, `ibug68-3d`, `ibug68`."""
    jaw_offset: np.ndarray
    """(17, 2) pixels from the fitted outline to the labels of `ibug68`."""
    expression: dict[str, float]
    """Weights by name."""
    photo: Sample
    """Where it comes from."""


@cache
def turning_shares() -> np.ndarray:
    """(V,) 0..1, how much of a turn each vertex follows: 1, and 0 at the neck's foot."""
    top, foot = NECK
    share = np.clip((face_model().mean[:, 1] - foot) / (top - foot), 0, 1)
    return share * share * (3 - 2 * share)


@cache
def skull_edges() -> np.ndarray:
    """(n, 2) vertices that are joined, of the skin and scalp that turn with the head."""
    model = face_model()
    rows = model.of_parts(*OUTER) & (turning_shares() > 0.9)
    return edges_of(model.triangles[rows[model.triangles].all(1)])


@cache
def _points() -> FitPoints:
    return fit_points(face_model(), FitSettings().modes)


@cache
def _spread() -> np.ndarray:
    """(V, 478) what the labels' differences add to each vertex."""
    model = face_model()
    points = model.points("mesh478", model.mean)
    square = ((model.mean[:, None] - points) ** 2).sum(2)
    near = np.exp(-square / (2 * REACH**2))
    return (near / (near.sum(1, keepdims=True) + ALONE)).astype(np.float32)


@cache
def _smoothing(scheme: str) -> np.ndarray:
    """(K, V) weights of the skin about each point: a lid's edge has no normal of its own."""
    model = face_model()
    square = ((model.points(scheme, model.mean)[:, None] - model.mean) ** 2).sum(2)
    return (np.exp(-square / (2 * ROUND**2)) * model.of_parts(*OUTER)).astype(np.float32)


def lift(sample: Sample) -> Lifted | None:
    """The head in a labelled photograph; None where the fit or the photograph is too poor.

    InputError when its `mesh478` labels have no z.
    """
    mesh = sample.label("mesh478")
    found = frame_of(sample)
    if mesh is None or found is None or found[0].side < SMALLEST or _weight(mesh).mean() < DOUBT:
        return None
    if mesh.points.shape[1] != 3:
        raise InputError(f"{sample.name}: expected mesh478 labels (478, 3), got (478, 2)")
    square = found[0]
    roi = Roi(square.center, square.side * ROOM, 0.0)
    T = roi.transform(SIDE)
    camera = Camera.of_fov(SIDE, SIDE, FOV)
    points = affine.apply(T, mesh.points)
    fitter = FaceFitter(face_model(), _points())
    size = SIDE / ROOM
    fit = fitter(points, np.full(478, SIGMA * size), camera)
    if fit is None or fit.residual > WORST * size:
        return None
    model = face_model()
    R, t = fit.R_camera_head, fit.t_camera_head
    vertices = fit.vertices(model) @ R.T + t
    fitted = model.points("mesh478", vertices)
    vertices = vertices + _spread() @ (camera.at_depth(points, fitted[:, 2]) - fitted)
    texture, inside = _texture(sample, roi)
    places = camera.project(vertices)
    shown = _shown(vertices, camera)
    shown *= ((places > inside[:2] + EDGE) & (places < inside[2:] - EDGE)).all(1)
    marks, jaw = _marks(sample, T, camera, vertices, R, t)
    return Lifted(
        texture=texture,
        T_texture_photo=T,
        camera=camera,
        vertices=vertices,
        places=places,
        colours=skin_colours(texture, places, shown),
        shown=shown,
        R=R,
        R_labels=mesh_rotation(points),
        pivot=R @ (np.array(PIVOT) * fit.size) + t,
        marks=marks,
        jaw_offset=jaw,
        expression=dict(zip(fit.names, fit.weights.tolist(), strict=True)),
        photo=sample,
    )


def depth_pixels(camera: Camera, points: np.ndarray) -> np.ndarray:
    """(K,) z of points (K, 3) in pixels of their mean depth, mean 0: docs/conventions.md."""
    z = points[:, 2]
    return (z - z.mean()) * camera.K[0, 0] / z.mean()


def _texture(sample: Sample, roi: Roi) -> tuple[np.ndarray, np.ndarray]:
    """The square of the photograph, its border repeated and ever more blurred outside of it; and
    where the photograph is: x1 y1 x2 y2."""
    picture = sample.picture()
    texture = cut(picture, roi, SIDE)
    T = roi.transform(SIDE)
    corners = affine.apply(T, np.array([[0, 0], picture.shape[1::-1]], np.float64))
    low = np.clip(np.ceil(corners[0] + 1), 0, SIDE - 1).astype(int)
    high = np.clip(np.floor(corners[1] - 1), low + 1, SIDE).astype(int)
    inside = np.concatenate([low, high])
    if (low == 0).all() and (high == SIDE).all():
        return texture, inside
    edges = (low[1], SIDE - high[1], low[0], SIDE - high[0])
    part = texture[low[1] : high[1], low[0] : high[0]]
    whole = cv2.copyMakeBorder(part, *edges, cv2.BORDER_REPLICATE)
    soft = cv2.blur(cv2.blur(whole, (BLUR, BLUR)), (BLUR, BLUR))
    sharp = np.exp(-_outside(low, high) / FEATHER)[..., None]
    return np.rint(sharp * whole + (1 - sharp) * soft).astype(np.uint8), inside


def _outside(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE) distance of pixels from the rectangle between two corners (2,), 0 in it."""
    middle = np.arange(SIDE) + 0.5
    x, y = (np.maximum(np.maximum(low[k] - middle, middle - high[k]), 0) for k in (0, 1))
    return np.hypot(x[None], y[:, None]).astype(np.float32)


def _shown(vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """(V,) 0..1: 0 for what is hidden or seen at a grazing angle."""
    triangles = face_model().triangles
    raster = rasterise(vertices, triangles, camera, (SIDE, SIDE))
    normals = vertex_normals(vertices, triangles)
    away = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    facing = -(normals * away).sum(1)
    free = unhidden(raster.depth, camera.project(vertices), vertices[:, 2])
    share = np.clip((facing - 0.1) / 0.25, 0, 1)
    shown = np.where(free, share * share * (3 - 2 * share), 0.0)
    return np.where(_sides(), shown[neighbours()[0]].min(1), shown)


@cache
def _sides() -> np.ndarray:
    """(V,) bool: the sides of the cheeks, and the neck, but not the ears."""
    model = face_model()
    sides = (model.mean[:, 2] < SIDES[0]) & (model.mean[:, 1] < SIDES[1])
    for name in ("ear_left", "ear_right"):
        sides[model.regions[name]] = False
    return sides


def unhidden(
    depth: np.ndarray, pixels: np.ndarray, z: np.ndarray, behind: float = BEHIND
) -> np.ndarray:
    """(K,) bool: points at `pixels` (K, 2) and depths `z` (K,) that nothing in the depth buffer
    (H, W) hides; True outside of the picture."""
    height, width = depth.shape
    x, y = np.floor(pixels).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    nearest = depth[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return ~inside | (nearest > z - behind)


def _marks(
    sample: Sample,
    T: np.ndarray,
    camera: Camera,
    vertices: np.ndarray,
    R: np.ndarray,
    t: np.ndarray,
) -> tuple[tuple[Marks, ...], np.ndarray]:
    """The labels in space, and what the outline of `ibug68` lies beside the fitted one."""
    model = face_model()
    normals = vertex_normals(vertices, model.triangles)
    head = (vertices - t) @ R
    outline = contour68(model, head, R) @ R.T + t
    marks, offset = [], np.zeros((JAW, 2))
    for scheme in ("mesh478", "ibug68-3d", "ibug68"):
        own = "ibug68-3d" if scheme == "ibug68" else scheme
        fitted = outline if scheme == "ibug68" else model.points(own, vertices)
        labels = sample.label(scheme)
        points, z, weight = fitted, np.zeros(len(fitted)), np.full(len(fitted), GUESSED)
        if labels is not None and np.isfinite(labels.points).all():
            places = affine.apply(T, labels.points)
            points = camera.at_depth(places, fitted[:, 2])
            weight = _weight(labels)
            if places.shape[1] == 3:
                z = places[:, 2] - depth_pixels(camera, points)
            if scheme == "ibug68":
                offset = (places[:, :2] - camera.project(fitted))[:JAW]
        about = _smoothing(own) @ normals
        about /= np.linalg.norm(about, axis=1, keepdims=True).clip(1e-9)
        marks.append(Marks(scheme, points, about, z, weight))
    return tuple(marks), offset


def _weight(labels: Labels) -> np.ndarray:
    return np.ones(len(labels.points)) if labels.weight is None else labels.weight
