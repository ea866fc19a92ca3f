"""Follow faces with a model of your own, and see how it compares with the one that ships.

python examples/07_own_model.py clip.mp4 my.onnx

docs/training.md goes from a folder of pictures to my.onnx: `bauta train`, `bauta export-model`.
A model may predict the mesh, the 68 points, or another scheme with a map to them.
"""

import sys
import time

import numpy as np

import bauta


def follow(clip: str, model: str) -> tuple[dict[int, np.ndarray], float]:
    """68 points of the first person by frame, and milliseconds a frame."""
    points, spent = {}, []
    with bauta.Tracker(model=model, fit=False) as tracker:  # without the face model: points only
        for frame in bauta.open_video(clip):
            started = time.perf_counter()
            faces = tracker(frame)
            spent.append(1000 * (time.perf_counter() - started))
            if faces:
                points[frame.index] = faces[0].points68[:, :2]
    return points, float(np.median(spent))


def main(clip: str, model: str) -> None:
    mine, my_time = follow(clip, model)
    base, base_time = follow(clip, "base")
    print(
        f"found in {len(mine)} frames, base in {len(base)}; "
        f"{my_time:.1f} ms, base {base_time:.1f} ms"
    )
    both = sorted(mine.keys() & base.keys())
    if not both:
        sys.exit(f"{clip}: nobody was seen by both")
    eyes = np.array([np.linalg.norm(base[k][36] - base[k][45]) for k in both])
    apart = np.array([np.linalg.norm(mine[k] - base[k], axis=1).mean() for k in both]) / eyes
    print(f"{100 * apart.mean():.1f} % of the eyes' distance from base, on average")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except bauta.BautaError as error:
        sys.exit(str(error))
