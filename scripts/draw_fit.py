"""Contact sheet of the fitted head on real clips: does its mesh lie on lips, lids, brows, nose?

    python scripts/draw_fit.py CLIP.mp4 [CLIP.mp4 ...] -o FOLDER

For each clip some frames, tracked from its beginning, cut around the face and drawn large: the head
of the face model as wire, its own lips, lids, brows and nose in colours, each seen through the
fitted camera; no point of the network. Prints the median and the 95th percentile of the distance
between these lines' points and the network's, in percent of the distance of the outer eye corners.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from bauta.assets.face import face_model
from bauta.render import strokes
from bauta.render.head import front_edges, in_camera, outer_triangles
from bauta.render.sheet import contact_sheet
from bauta.tables import mesh478
from bauta.tracker import Tracker
from bauta.types import FaceState
from bauta.video.source import open_video

LINES = {
    "lips": (("lips",), (255, 80, 120)),
    "lids": (("right_eye", "left_eye"), (90, 230, 255)),
    "brows": (("right_eyebrow", "left_eyebrow"), (255, 220, 60)),
    "nose": (("nose",), (120, 255, 120)),
}
"""Part of the face -> contours of the mesh, colour."""
SIDE, ROOM = 640, 1.25
"""Pixels of a cut, and its side over that of the face's box."""


def main() -> None:
    """Track, draw, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--frames", type=int, default=600, help="frames of each that are tracked")
    parser.add_argument("--pictures", type=int, default=12, help="frames of each that are drawn")
    parser.add_argument("-o", "--out", type=Path, default=Path("fit"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    print("| clip | " + " | ".join(f"{part}, median, 95 %" for part in LINES) + " |")
    print("|---|" + "---|" * len(LINES))
    for clip in given.clips:
        step = max(given.frames // given.pictures, 1)
        pictures, off = [], {part: [] for part in LINES}
        for k, (image, face) in enumerate(followed(clip, given.model, given.frames)):
            for part, away in distances(face).items():
                off[part].append(away)
            if k % step == step // 2:
                pictures.append((f"{face.time:.1f} s", drawn(image, face)))
        captions, images = zip(*pictures[: given.pictures], strict=True)
        sheet = contact_sheet(images, 4, captions, width=480)
        cv2.imwrite(str(given.out / f"{clip.stem}.png"), sheet[..., ::-1])
        told = (np.percentile(np.concatenate(away), (50, 95)) for away in off.values())
        print(f"| {clip.stem} | " + " | ".join(f"{a:.1f}, {b:.1f}" for a, b in told) + " |")


def followed(clip: Path, model: str, most: int) -> Iterator[tuple[np.ndarray, FaceState]]:
    """Frames in which a head was fitted."""
    with open_video(clip) as frames, Tracker(model) as tracker:
        for frame in islice(frames, most):
            for face in tracker(frame):
                if face.fit is not None:
                    yield frame.image, face


def points_of(face: FaceState) -> np.ndarray:
    """(478, 2) pixels of the mesh on the fitted head."""
    model = face_model()
    assert face.fit is not None
    return face.fit.project(model.points("mesh478", face.fit.vertices(model)))


def edges_of(part: str) -> np.ndarray:
    """(K, 2) rows of the mesh that a part's lines join."""
    return np.concatenate([mesh478()[f"edges_{name}"] for name in LINES[part][0]])


def distances(face: FaceState) -> dict[str, np.ndarray]:
    """Part -> distances of its points from the network's, percent of the eyes' distance."""
    away = np.linalg.norm(points_of(face) - face.mesh[:, :2], axis=1)
    away *= 100 / np.linalg.norm(face.mesh[33, :2] - face.mesh[263, :2])
    return {part: away[np.unique(edges_of(part))] for part in LINES}


def drawn(image: np.ndarray, face: FaceState) -> np.ndarray:
    """(SIDE, SIDE, 3) the face, with wire and lines."""
    model, fit = face_model(), face.fit
    assert fit is not None
    x1, y1, x2, y2 = face.box
    scale = SIDE / (ROOM * max(x2 - x1, y2 - y1))
    corner = np.array([(x1 + x2) / 2, (y1 + y2) / 2]) - SIDE / scale / 2
    T = np.column_stack([np.eye(2) * scale, -corner * scale - 0.5 + 0.5 * scale])
    cut = cv2.warpAffine(image, T, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    vertices = in_camera(fit.matrix, fit.vertices(model))
    edges, seen = front_edges(vertices, outer_triangles(model), fit.camera)
    wire = cut.copy()
    strokes.lines(wire, ((seen - corner) * scale)[edges], (255, 255, 255), 1)
    cv2.addWeighted(wire, 0.25, cut, 0.75, 0, dst=cut)
    points = (points_of(face) - corner) * scale
    for part, (_, colour) in LINES.items():
        strokes.lines(cut, points[edges_of(part)], colour, 2)
    return cut


if __name__ == "__main__":
    main()
