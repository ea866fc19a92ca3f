"""A folder of clips on all cores, one file of arrays each; what is there already is left out.

python examples/08_batch.py clips/ results/

`bauta track clips/ -o results --resume` does it one after another, and knows half-done work.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import bauta
from bauta.records import Header, NpzWriter


def work(clip: Path, out: Path) -> str:
    """Follow the faces of one clip, in a process of its own: a tracker is not for sharing."""
    part = out.with_name(f"part.{out.name}")  # its own name only when it is whole
    faces = 0
    video = bauta.open_video(clip)
    header = Header(clip.name, video.size_wh)
    with bauta.Tracker(max_faces=4) as tracker, NpzWriter(part, header, force=True) as writer:
        for frame in video:
            found = tracker(frame)
            writer.write(frame.time, frame.index, found)
            faces += len(found)
    os.replace(part, out)
    return f"{clip.name}: {faces} faces"


def try_work(clip: Path, out: Path) -> str:
    """`work`, but for a clip that cannot be read: the others go on."""
    try:
        return work(clip, out)
    except bauta.SourceError as error:
        return f"left out: {error}"


def main(folder: Path, results: Path) -> None:
    if not folder.is_dir():
        sys.exit(f"{folder}: not a folder")
    results.mkdir(parents=True, exist_ok=True)
    clips = sorted(folder.glob("*.mp4"))
    todo = [clip for clip in clips if not (results / f"{clip.stem}.npz").exists()]
    print(f"{len(clips)} clips, {len(todo)} to do")
    with ProcessPoolExecutor() as pool:  # as many processes as cores; each takes one thread
        for line in pool.map(try_work, todo, [results / f"{clip.stem}.npz" for clip in todo]):
            print(line)


if __name__ == "__main__":  # processes import this file again: keep the work in functions
    if len(sys.argv) != 3:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (bauta.BautaError, OSError) as error:
        sys.exit(str(error))
