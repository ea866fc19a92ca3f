"""How pictures come: on their own, from a file, or live."""

from enum import Enum


class VisionTaskRunningMode(Enum):
    """Which of `detect`, `detect_for_video`, `detect_async` may be called."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    LIVE_STREAM = "LIVE_STREAM"
