"""Which webcams there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bauta.video.opencv import quiet

LINUX = Path("/sys/class/video4linux")
GAP = 2
"""Numbers without a camera after which no more are tried, where the system has no list."""


@dataclass(frozen=True)
class ListedCamera:
    """A webcam as `--list-cameras` shows it."""

    index: int
    name: str
    size_wh: tuple[int, int] | None
    """Pixels of its pictures; None when it could not be opened: in use, or no source of video."""
    rate: float | None
    """Pictures a second, when it says so."""


def list_cameras() -> list[ListedCamera]:
    """Webcams by number. Each is opened for a moment, so its light may go on."""
    return list(_of_linux(LINUX)) if LINUX.is_dir() else list(_tried())


def _of_linux(folder: Path) -> Iterator[ListedCamera]:
    nodes = {node.name.removeprefix("video"): node for node in folder.iterdir()}
    for index in sorted(int(number) for number in nodes if number.isdecimal()):
        try:
            name = (nodes[str(index)] / "name").read_text(errors="replace").strip()
        except OSError:
            name = ""
        yield _looked_at(index, name)


def _tried() -> Iterator[ListedCamera]:
    index = missed = 0
    while missed < GAP:
        camera = _looked_at(index, "")
        missed = 0 if camera.size_wh else missed + 1
        if camera.size_wh:
            yield camera
        index += 1


def _looked_at(index: int, name: str) -> ListedCamera:
    import cv2

    with quiet():
        capture = cv2.VideoCapture(index)
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        opened, rate = capture.isOpened(), capture.get(cv2.CAP_PROP_FPS)
        capture.release()
    size_wh = (width, height) if opened and width > 0 and height > 0 else None
    return ListedCamera(index, name or f"camera {index}", size_wh, rate or None)
