"""Short clips made of stills, to teach steadiness without videos.

Guo et al., "Towards Fast, Accurate and Stable 3D Dense Face Alignment" (3DDFA_V2), ECCV 2020,
section 3.3: x_j = T(x_(j-1)), shown as M(P(x_j)) with a small similarity T, noise P and motion
blur M. Its turns of the head out of the plane (F) need a model of the face and are not made here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from bauta.checks import check_count
from bauta.data.batch import Batch
from bauta.geometry import affine

Rng = np.random.Generator


@dataclass(frozen=True)
class ClipSettings:
    """How a still is set in motion; every step is uniform within +- the given range."""

    frames: int = 8
    """Frames of a clip, the still itself the first."""
    scale: float = 0.05
    """Change of the size from one frame to the next, as a share."""
    roll: float = 3.0
    """Turn in the plane from one frame to the next, degrees."""
    shift: float = 4.0
    """Shift from one frame to the next, percent of the side (the paper's: 5 px of 120)."""
    noise: float = 3.0
    """Standard deviation of the noise of each frame, grey levels of 255."""
    blur: int = 5
    """Length of the motion blur along the step just made, pixels; 0 or 1: none."""

    def __post_init__(self) -> None:
        check_count(self.frames, "frames")


def draw_steps(rng: Rng, settings: ClipSettings, size: int) -> np.ndarray:
    """T_frame_still (n, 2, 3) of a clip: the identity, then one small similarity after another."""
    maps = [np.eye(2, 3)]
    for _ in range(settings.frames - 1):
        zoom = 1 + rng.uniform(-1, 1) * settings.scale
        roll = np.radians(rng.uniform(-1, 1) * settings.roll)
        shift = rng.uniform(-1, 1, 2) * settings.shift / 100 * size
        step = affine.similarity(np.full(2, size / 2) - shift, size / zoom, -roll, size)
        maps.append(affine.compose(step, maps[-1]))
    return np.stack(maps)


def smear(image: np.ndarray, direction: np.ndarray, length: int) -> np.ndarray:
    """Mean of the picture along a straight line of `length` pixels in `direction` (2,)."""
    norm = float(np.linalg.norm(direction))
    if length < 2 or norm < 1e-6:
        return image
    side = length | 1
    ends = direction / norm * (length - 1) / 2
    along = np.linspace(-1, 1, 4 * side)[:, None] * ends + side // 2
    kernel = np.zeros((side, side), np.float32)
    kernel[tuple(np.round(along).astype(int).T[::-1])] = 1.0
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def make_clip(rng: Rng, still: np.ndarray, maps: np.ndarray, settings: ClipSettings) -> np.ndarray:
    """Frames (n, S, S, 3) uint8 of a still (S, S, 3) seen through `maps`, with noise and blur."""
    size, frames = still.shape[0], []
    middle = np.full((1, 2), size / 2)
    for i, T in enumerate(maps):
        frame = cv2.warpAffine(
            still, affine.for_opencv(T), (size, size), borderMode=cv2.BORDER_REPLICATE
        )
        if i:
            step = affine.apply(T, middle) - affine.apply(maps[i - 1], middle)
            frame = smear(frame, step[0], settings.blur)
        grain = rng.standard_normal(frame.shape, np.float32) * settings.noise
        frames.append(np.clip(np.round(frame + grain), 0, 255).astype(np.uint8))
    return np.stack(frames)


def clips_of(batch: Batch, rng: Rng, settings: ClipSettings) -> Batch:
    """A batch of B stills as one of B * n frames, frame after frame, still after still.

    Points, weights and roll move along; whatever else is known of a still holds for its frames.
    """
    n, size = settings.frames, batch.images.shape[1]
    maps = [draw_steps(rng, settings, size) for _ in batch.images]
    clips = [
        make_clip(rng, still, T, settings) for still, T in zip(batch.images, maps, strict=True)
    ]

    def moved(points: np.ndarray) -> np.ndarray:
        rows = zip(points, maps, strict=True)
        return np.concatenate([np.stack([affine.apply(T, p) for T in Ts]) for p, Ts in rows])

    def repeated(value: object) -> object:
        if isinstance(value, dict):
            return {key: np.repeat(item, n, axis=0) for key, item in value.items()}
        return np.repeat(np.asarray(value), n, axis=0)

    out = replace(batch, **{f.name: repeated(getattr(batch, f.name)) for f in fields(batch)})
    pose = np.array(out.pose)
    if len(pose):
        turns = np.concatenate([np.arctan2(T[:, 1, 0], T[:, 0, 0]) for T in maps])
        pose[:, 2] += np.degrees(turns)
    points = {key: moved(value) for key, value in batch.points.items()}
    return replace(out, images=np.concatenate(clips), points=points, pose=pose)


def steadiness_loss(
    predicted: Tensor, target: Tensor, weights: Tensor, frames: int, size: int
) -> Tensor:
    """mean ||(q_j - q_(j-1)) - (p_j - p_(j-1))|| in percent of `size`: 3DDFA_V2's stability.

    `predicted` q and `target` p (B * frames, K, 2 or 3) frame after frame, `weights` (B * frames,
    K); z is left out. An error that stays the same from frame to frame costs nothing.
    """
    error = ((predicted - target)[..., :2] * (100.0 / size)).unflatten(0, (-1, frames))
    change = error[:, 1:] - error[:, :-1]
    weights = weights.unflatten(0, (-1, frames))
    both = torch.minimum(weights[:, 1:], weights[:, :-1])
    d = torch.sqrt((change * change).sum(-1) + 1e-6) - 1e-3
    return (d * both).sum() / both.sum().clamp_min(1.0)
