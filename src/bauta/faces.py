"""One look at a picture or a crop: whose face is there, and what a prediction says as a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bauta import associate, schemes
from bauta.assets.store import read_model
from bauta.checks import ModelError, check_count
from bauta.crop import Placement, place, roi_of_box
from bauta.detect.detector import Detector
from bauta.engine.session import Session
from bauta.geometry import boxes
from bauta.regress.landmarks import Doubt, Prediction
from bauta.regress.opening import open_regressor
from bauta.types import POINT_SETS, FaceState, Pose

PRESENT = 0.5
"""Presence from which a face that is followed is still there."""
LEAST_PRESENCE = 0.1
"""Presence in a detector's box from which it is worth a second look, in the square that the points
make: a face that lies askew, or that the box misses, shows little of itself in the first."""
SURELY_PRESENT = 0.85
"""Presence from which what the detector found is a face: 99 in 100 held-out faces, masked ones too,
score above 0.93, and four in five of the detector's false alarms below this."""
LIKELY_PRESENT = 0.7
"""Presence that is enough where the detector is sure (`Doubt.surely_found`), and points may then be
doubted: of a mask, a scarf or half a face the regressor doubts the points, not the face."""
DETECTOR_THRESHOLD = 0.25
"""Lower than the detector's own: the regressor takes out what it finds too much."""
NO_POINTS = np.zeros((0, 3), np.float32)
"""Points of a scheme that the model does not predict."""


class Faces:
    """Detector and regressor of one model: finds faces in a picture, reads the points of a crop.

    `watched`: nobody has measured how well the regressor tells faces from the rest, or it does not
    say presence at all. The detector is then asked for less, but has a say on what it found: the
    presence is never above its score. `any_points`: also a model whose points no result can hold,
    to look at single pictures with; see `trackable`. `far`: the detector looks twice (`Detector`).
    """

    watched = False
    device = "cpu"
    doubt = Doubt()
    """How sure the points of a new face must be."""

    def __init__(
        self,
        model: str | Path = "base",
        threads: int = 1,
        device: str = "cpu",
        any_points: bool = False,
        far: bool = False,
    ) -> None:
        import cv2

        cv2.setNumThreads(check_count(threads, "threads"))
        self.regressor = open_regressor(model, threads, device)
        self.device = self.regressor.device
        self.watched, self.doubt = self.regressor.watched, self.regressor.doubt
        session = Session(read_model("detector"), name="detector", threads=threads, device=device)
        least = Detector.THRESHOLD if self.watched else DETECTOR_THRESHOLD
        self.detector = Detector(session, least, far=far)
        names = list(self.regressor.schemes.values())
        if not (any_points or trackable(names)):
            raise ModelError(
                f"{model}: predicts {', '.join(names)} only, which does not say how a whole face "
                f"lies; track with a model that predicts {', '.join(POINT_SETS)} or a scheme with "
                "a map to ibug68"
            )

    def find(self, image: np.ndarray, taken: np.ndarray, most: int) -> list[Prediction]:
        """Faces outside of the boxes `taken` (M, 4), at most `most`, the surest first."""
        found, scores = self.detector(image)
        faces: list[Prediction] = []
        for row in associate.new_boxes(found, taken):
            if len(faces) >= most:
                break
            face = self.look(image, found[row], float(scores[row]))
            if face is None:
                continue
            box, known = box_of(face), [box_of(other) for other in faces]
            if len(associate.new_boxes(box[None], np.array([*taken, *known]).reshape(-1, 4))):
                faces.append(face)
        return faces

    def look(self, image: np.ndarray, box: np.ndarray, score: float) -> Prediction | None:
        """The face in a detector's box (4,) of that score, or None when there is none after all."""
        first = self.regressor(image, roi_of_box(box))
        if first.presence < LEAST_PRESENCE:
            return None
        seen, mirrored = self._both(image, first)
        face, size = seen.averaged(mirrored), float(np.sqrt(boxes.area(box_of(seen))))
        sigma = float(np.median(face.sigma.get(face.main, 0.0)))
        doubt = 100 * (sigma + seen.apart(mirrored)) / max(size, 1e-6)
        doubted = self.watched or score < self.doubt.surely_found
        least = PRESENT if self.watched else SURELY_PRESENT if doubted else LIKELY_PRESENT
        if face.presence < least or (doubted and doubt > self.doubt.most * score):
            return None
        return replace(face, presence=min(face.presence, score)) if self.watched else face

    def upright(self, image: np.ndarray, first: Prediction) -> Prediction:
        """A face that was found by a first look, in the square that this makes upright: the mean of
        what is seen there and in its mirror image, 2 % closer to the truth than one of them."""
        seen, mirrored = self._both(image, first)
        return seen.averaged(mirrored)

    def _both(self, image: np.ndarray, first: Prediction) -> tuple[Prediction, Prediction]:
        roi = place_face(first).roi
        return self.regressor(image, roi), self.regressor(image, replace(roi, mirrored=True))


def trackable(names: Sequence[str]) -> bool:
    """Whether results can hold what a model of these schemes predicts, itself or as `ibug68`."""
    if any(name in POINT_SETS for name in names):
        return True
    steps = schemes.maps() if len(names) == 1 else []
    return any(step.source == names[0] and step.target == "ibug68" for step in steps)


def place_face(face: Prediction) -> Placement:
    """How the head of a prediction lies, by its best scheme."""
    return place(face.points[face.main], face.main)


def box_of(face: Prediction) -> np.ndarray:
    """(4,) box of the mesh, or of the whole face that fits the points."""
    mesh = face.points.get("mesh478")
    return boxes.of_points(place_face(face).outline if mesh is None else mesh)


def face_state(
    face: Prediction, id: int, time: float, placed: Placement | None = None
) -> FaceState:
    """Result of a prediction; `placed` when it is known already how its head lies."""
    placed = placed or place_face(face)
    mesh = face.points.get("mesh478")
    return FaceState(
        id=id,
        time=time,
        box=boxes.of_points(placed.outline if mesh is None else mesh),
        score=face.presence,
        mesh=NO_POINTS if mesh is None else mesh,
        points68=_points68(face, placed),
        points68_3d=face.points.get("ibug68-3d", NO_POINTS),
        pose=Pose(placed.R_camera_head),
        sigma=face.sigma,
        seen_shapes=face.blendshapes,
    )


def _points68(face: Prediction, placed: Placement) -> np.ndarray:
    """(68, 3) of the visible contour, with the depth of the anatomical points or the canonical
    face's; (0, 3) when the model predicts neither them nor a scheme of its own to read them off."""
    flat = face.points.get("ibug68")
    if flat is None:
        if face.main in POINT_SETS:
            return NO_POINTS
        flat = schemes.convert(face.points[face.main], face.main, "ibug68")
    if "ibug68-3d" in face.points:
        z = face.points["ibug68-3d"][:, 2]
    else:
        z = placed.scale * schemes.layout("ibug68") @ placed.R_camera_head[2]
        z = z - z.mean()
    return np.column_stack([flat[:, :2], z])
