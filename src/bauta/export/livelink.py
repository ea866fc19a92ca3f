"""The CSV of Epic's Live Link Face app: a row a frame, 52 expressions and nine angles.

Angles are radians about ARKit's axes (`geometry.frames.to_arkit_angles`): yaw > 0 turns to the
subject's left, pitch > 0 down, roll > 0 tilts to their right. Signs as in Unreal's AppleARKit
plug-in, unmirrored. The head's are relative to the camera, the eyes' to the head.
"""

from __future__ import annotations

from bauta.export.animation import Animation
from bauta.geometry.frames import to_arkit, to_arkit_angles
from bauta.morphable.arkit import ARKIT52
from bauta.morphable.model import look_rotation

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
_CORNERS = ("Smile", "Frown", "Dimple", "Stretch")
_LIPS = ("Press", "LowerDown", "UpperUp")
_SIDES = ("Left", "Right")
SHAPES = (
    *(f"eye{name}{side}" for side in _SIDES for name in _EYE),
    *("jawForward", "jawRight", "jawLeft", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthRight", "mouthLeft"),
    *(f"mouth{name}{side}" for name in _CORNERS for side in _SIDES),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *(f"mouth{name}{side}" for name in _LIPS for side in _SIDES),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight"),
    "tongueOut",
)
"""The app's order."""
ANGLES = tuple(
    f"{part}{angle}"
    for part in ("Head", "LeftEye", "RightEye")
    for angle in ("Yaw", "Pitch", "Roll")
)
COLUMNS = ("Timecode", "BlendShapeCount", *(s[0].upper() + s[1:] for s in SHAPES), *ANGLES)


def timecode(time: float, rate: float) -> str:
    """HH:MM:SS:FF.mmm: hours, minutes, seconds, frames of that second, thousandths of a frame."""
    thousandths = round(time % 1 * rate * 1000)
    seconds = int(time // 1)
    if thousandths >= round(rate * 1000):
        seconds, thousandths = seconds + 1, 0
    frame, rest = divmod(thousandths, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.{rest:03d}"


def to_livelink(animation: Animation) -> bytes:
    """The CSV of an animation, its weights calibrated where a profile was given: they drive another
    face. Time codes count the clip's own time at its rounded frame rate."""
    rate = max(1.0, float(round(animation.rate)))
    order = [ARKIT52.index(name) for name in SHAPES]
    weights = animation.weights if animation.calibrated is None else animation.calibrated
    lines = [",".join(COLUMNS)]
    for row, time in enumerate(animation.times.tolist()):
        head = to_arkit_angles(to_arkit(animation.matrices[row])[:3, :3])
        right, left = (to_arkit_angles(look_rotation(*look)) for look in animation.gaze[row])
        values = [*weights[row][order], *head, *left, *right]
        count = len(SHAPES) + len(ANGLES)
        cells = [timecode(time, rate), str(count), *(f"{value:.8f}" for value in values)]
        lines.append(",".join(cells))
    return ("\n".join(lines) + "\n").encode()
