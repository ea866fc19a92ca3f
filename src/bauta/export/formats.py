"""Every format by its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bauta.checks import InputError, SourceError, check_choice
from bauta.export.animation import Animation
from bauta.export.bvh import to_bvh
from bauta.export.glb import to_glb
from bauta.export.livelink import to_livelink
from bauta.export.mesh import to_obj, to_ply
from bauta.export.openface import to_openface_csv
from bauta.video.source import open_video

ENDINGS = {
    "glb": ".glb",
    "obj": ".obj",
    "ply": ".ply",
    "livelink": ".livelink.csv",
    "openface": ".openface.csv",
    "bvh": ".bvh",
}


def format_of(path: Path | None, asked: str = "") -> str:
    """The format that `asked` names, else the one that the ending of `path` says, else glb.

    InputError for an unknown name, for an ending that says another format, and, where none is
    asked for, for one that names no format.
    """
    if asked:
        check_choice(asked, ENDINGS, "--format")
    if path is None:
        return asked or "glb"
    fits = [name for name, ending in ENDINGS.items() if path.name.lower().endswith(ending)]
    if fits and asked and asked not in fits:
        raise InputError(f"{path}: its ending says {fits[0]}, --format {asked}; change one of them")
    if not (fits or asked):
        raise InputError(
            f"{path}: its ending names no format; give --format ({', '.join(ENDINGS)})"
        )
    return asked or fits[0]


def write(animation: Animation, format: str, row: int, video: Path | None = None) -> bytes:
    """The bytes of a file; `row` of the frame that meshes show and that gives the texture of a glb,
    read from `video`, the source of the tracks."""
    check_choice(format, ENDINGS, "format")
    if format == "obj":
        return to_obj(animation.vertices(row), animation.model)
    if format == "ply":
        return to_ply(animation.vertices(row), animation.model)
    if format == "livelink":
        return to_livelink(animation)
    if format == "openface":
        return to_openface_csv(animation)
    if format == "bvh":
        return to_bvh(animation)
    if video is None:
        return to_glb(animation)
    from bauta.export.texture import to_jpeg, unwrap

    image = picture(video, int(animation.frames[row]), animation.picture)
    return to_glb(animation, to_jpeg(unwrap(animation, row, image)))


def picture(video: Path, frame: int, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a frame by its number; SourceError when it is not there, or not of the
    `size` (width, height) that was tracked."""
    with open_video(video) as frames:
        image = next((each.image for each in frames if each.index == frame), None)
    if image is None:
        raise SourceError(f"{video}: has no frame {frame}; is it the video that was tracked?")
    if (image.shape[1], image.shape[0]) != size:
        raise SourceError(
            f"{video}: frame {frame} is {image.shape[1]} x {image.shape[0]} pixels, the tracks are "
            f"of {size[0]} x {size[1]}; is it the video that was tracked?"
        )
    return image
