"""`--offline`: the same frames, faces and ids, steadier, with every frame in its place."""

from __future__ import annotations

import numpy as np
import pytest

from bauta.checks import InputError
from bauta.filters.kinds import filter_maker
from bauta.offline import AROUND, CHUNK, Late, LookAhead
from bauta.regress.landmarks import Prediction
from bauta.video.frame import Frame
from faces import synthetic_face

COUNT = 2 * CHUNK + AROUND + 7
IMAGE = np.zeros((360, 640, 3), np.uint8)


def late(index: int, noise: float = 0.0, ids: tuple[int, ...] = (0,)) -> Late:
    rng = np.random.default_rng(index)
    raw = {}
    for id in ids:
        face = synthetic_face(center=(150 + 200 * id, 150))
        mesh = face.mesh + rng.normal(0, noise, (478, 3)).astype(np.float32) * [1, 1, 0]
        points = {"mesh478": mesh.astype(np.float32), "ibug68-3d": face.points68_3d}
        sigma = {name: np.full(len(value), 2.0, np.float32) for name, value in points.items()}
        raw[id] = (Prediction(points, sigma, 0.99), index * 0.04, 120.0)
    return Late(Frame(IMAGE, index * 0.04, index, "clip"), 1.0, raw)


def run(frames: list[Late], filter: str = "head"):
    ahead = LookAhead(filter_maker(filter))
    out = [result for frame in frames for result in ahead.push(frame)]
    return out + ahead.flush()


def test_every_frame_comes_once_in_order_and_before_many_are_kept():
    ahead = LookAhead(filter_maker("head"))
    got = []
    for index in range(COUNT):
        got += ahead.push(late(index))
        assert index + 1 - len(got) < CHUNK + AROUND
        assert len(ahead._frames) <= CHUNK + 2 * AROUND
    got += ahead.flush()
    assert [frame.index for frame, _, _ in got] == list(range(COUNT))
    assert all(faces[0].time == frame.time for frame, faces, _ in got)


def test_a_still_face_is_steadier_than_through_the_filter_alone():
    out = run([late(index, 0.5) for index in range(COUNT)], "one_euro")
    smooth = np.stack([faces[0].mesh[:, :2] for _, faces, _ in out])[10:-10]
    assert smooth.std(0).mean() < 0.6 * 0.5


def test_who_comes_and_goes_is_there_when_they_were():
    there = [(0,) if 20 <= index < 30 else (0, 1) for index in range(COUNT)]
    out = run([late(index, 0.1, ids) for index, ids in enumerate(there)])
    assert [tuple(face.id for face in faces) for _, faces, _ in out] == there
    for _, faces, _ in out:
        for face in faces:
            assert face.mesh[:, 0].mean() == pytest.approx(150 + 200 * face.id, abs=2)


def test_a_clip_shorter_than_the_look_ahead_comes_out_whole():
    assert len(run([late(index) for index in range(3)])) == 3
    assert run([]) == []


def test_there_is_nothing_to_smooth_without_a_filter():
    with pytest.raises(InputError, match="filter"):
        LookAhead(filter_maker("none"))
