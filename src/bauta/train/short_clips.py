"""Short clips made of stills, to teach steadiness without videos.

Guo et al., "Towards Fast, Accurate and Stable 3D Dense Face Alignment" (3DDFA_V2), ECCV 2020,
section 3.3: x_j = T(F(x_(j-1))), shown as M(P(x_j)) with a small similarity T, a small turn of the
head F (`bauta.train.small_turns`), noise P and motion blur M.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from bauta.checks import check_count
from bauta.data.batch import Batch
from bauta.geometry import affine
from bauta.train.recrop import recrop, repeat
from bauta.train.small_turns import turned

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
    turn: float = 5.0
    """Yaw and pitch of the head from one frame to the next, degrees; 0: none."""
    turn_most: float = 15.0
    """Degrees of yaw and of pitch that the head is away from the still's at most."""
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


def draw_turns(rng: Rng, settings: ClipSettings) -> np.ndarray:
    """(n, 2) yaw and pitch of each frame's head beyond the still's, degrees."""
    angles = np.zeros((settings.frames, 2))
    for k in range(1, settings.frames):
        step = rng.uniform(-1, 1, 2) * settings.turn
        angles[k] = np.clip(angles[k - 1] + step, -settings.turn_most, settings.turn_most)
    return angles


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


def disturb(rng: Rng, frame: np.ndarray, step: np.ndarray, settings: ClipSettings) -> np.ndarray:
    """A frame (S, S, 3) uint8 blurred along `step` (2,), how far it just moved, and noisy."""
    frame = smear(frame, step, settings.blur)
    grain = rng.standard_normal(frame.shape, np.float32) * settings.noise
    return np.clip(np.round(frame + grain), 0, 255).astype(np.uint8)


def clips_of(batch: Batch, rngs: Sequence[Rng], settings: ClipSettings) -> Batch:
    """A batch of B stills as one of B * n frames, frame after frame, still after still.

    Points, weights and pose move along; whatever else is known of a still holds for its frames.
    `rngs`: one generator a still.
    """
    n, size = settings.frames, batch.images.shape[1]
    maps = np.stack([draw_steps(rng, settings, size) for rng in rngs])
    frames = repeat(batch, n)
    if settings.turn:
        frames = turned(frames, np.concatenate([draw_turns(rng, settings) for rng in rngs]))
    clips = recrop(frames, maps.reshape(-1, 2, 3), size)
    middle = maps @ np.array([size / 2, size / 2, 1.0])  # (B, n, 2)
    steps = np.diff(middle, axis=1, prepend=middle[:, :1]).reshape(-1, 2)
    images = [
        disturb(rngs[i // n], frame, step, settings)
        for i, (frame, step) in enumerate(zip(clips.images, steps, strict=True))
    ]
    return replace(clips, images=np.stack(images))


def steadiness_loss(
    predicted: Tensor, target: Tensor, weights: Tensor, frames: int, size: int
) -> Tensor:
    """mean ||(q_j - q_(j-1)) - (p_j - p_(j-1))|| in percent of `size`: 3DDFA_V2's stability.

    `predicted` q and `target` p (B * frames, K, 2 or 3) frame after frame, `weights` (B * frames,
    K); z is left out. An error that stays the same from frame to frame costs nothing.
    """
    error = (predicted[..., :2] - target[..., :2]) * (100.0 / size)
    error = error.unflatten(0, (-1, frames))
    change = error[:, 1:] - error[:, :-1]
    weights = weights.unflatten(0, (-1, frames))
    both = torch.minimum(weights[:, 1:], weights[:, :-1])
    d = torch.sqrt((change * change).sum(-1) + 1e-6) - 1e-3
    return (d * both).sum() / both.sum().clamp_min(1.0)
