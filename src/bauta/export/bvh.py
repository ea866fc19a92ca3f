"""Head motion as BVH: one joint, centimetres, degrees, at an even frame rate.

Axes are OpenGL's (x right, y up, z towards the viewer) with the camera at the origin, so a person
who faces it looks along +z at a negative z. `R = Rz Rx Ry`, the order of the channels.
"""

from __future__ import annotations

import numpy as np

from bauta.export.animation import Animation
from bauta.geometry.frames import to_opengl

TOP = 12.0
"""Centimetres from the origin of the head to the end of its bone, upwards."""
CHANNELS = ("Xposition", "Yposition", "Zposition", "Zrotation", "Xrotation", "Yrotation")


def angles_zxy(R: np.ndarray) -> np.ndarray:
    """(z, x, y) in degrees of a rotation (3, 3), `R = Rz Rx Ry`; y is 0 where x is 90 degrees."""
    x = np.arcsin(np.clip(R[2, 1], -1, 1))
    if abs(R[2, 1]) > 1 - 1e-9:
        return np.degrees([np.arctan2(R[1, 0], R[0, 0]), x, 0.0])
    z, y = np.arctan2(-R[0, 1], R[1, 1]), np.arctan2(-R[2, 0], R[2, 2])
    return np.degrees([z, x, y])


def to_bvh(animation: Animation) -> bytes:
    """The BVH of an animation, resampled to its median frame rate: gaps are bridged."""
    even = animation.resampled(animation.rate)
    lines = [
        "HIERARCHY",
        "ROOT Head",
        "{",
        "  OFFSET 0.0 0.0 0.0",
        f"  CHANNELS {len(CHANNELS)} {' '.join(CHANNELS)}",
        "  End Site",
        "  {",
        f"    OFFSET 0.0 {TOP} 0.0",
        "  }",
        "}",
        "MOTION",
        f"Frames: {len(even.times)}",
        f"Frame Time: {1 / animation.rate:.6f}",
    ]
    for matrix in even.matrices:
        T = to_opengl(matrix)
        lines.append(" ".join(f"{v:.4f}" for v in (*T[:3, 3], *angles_zxy(T[:3, :3]))))
    return ("\n".join(lines) + "\n").encode()
