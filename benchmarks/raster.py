"""Speed of the rasteriser: the face model at 640 x 360, one thread.

Rounds take turns between plain and smooth edges; a frame is projected, drawn and shaded. Times
are those of the processor for this one thread, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from tracker_speed import machine

from bauta.assets.face import face_model
from bauta.geometry.camera import Camera
from bauta.geometry.mesh import vertex_normals
from bauta.geometry.rotation import from_angles
from bauta.render.raster import rasterise
from bauta.render.shading import lambert

WIDTH, HEIGHT = 640, 360
DISTANCE = 45.0
"""Centimetres: the head fills the picture's height."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--frames", type=int, default=25, help="frames of a round")
    options = parser.parse_args()
    model, camera = face_model(), Camera.of_fov(WIDTH, HEIGHT)
    still = model.vertices()

    def frame(number: int, samples: int) -> list[float]:
        R = from_angles(40 * np.sin(number / 5), 10, 0)
        vertices = still @ R.T + (0, 0, DISTANCE)
        start = time.thread_time()
        raster = rasterise(vertices, model.triangles, camera, (WIDTH, HEIGHT), samples=samples)
        drawn = time.thread_time()
        normals = vertex_normals(vertices, model.triangles)
        colour = 255 * lambert(normals, np.array([0.3, -0.5, -1]), 0.2)[:, None] * np.ones(3)
        raster.shade(model.triangles, colour)
        return [drawn - start, time.thread_time() - start]

    times: dict[int, list[list[float]]] = {1: [], 2: []}
    for samples in times:
        frame(0, samples)
    for turn in range(options.rounds):
        for samples, rows in times.items():
            rows += [frame(turn * options.frames + k, samples) for k in range(options.frames)]
    print(f"{machine()}\n{len(still)} vertices, {len(model.triangles)} triangles, ms a frame")
    print("samples of a pixel    raster p50   whole p50   whole p95   frames/s")
    for samples, rows in times.items():
        drawn, whole = 1000 * np.array(rows).T
        p50, p95 = np.percentile(whole, [50, 95])
        print(
            f"{samples} x {samples}                 {np.median(drawn):10.2f}  {p50:10.2f}"
            f"  {p95:10.2f}  {1000 / p50:9.0f}"
        )


if __name__ == "__main__":
    main()
