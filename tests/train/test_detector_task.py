"""The detector's task: what moves with the picture, what an epoch is, and that it learns."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError, ModelError
from bauta.data.canvas import Scene
from bauta.train.scene_pool import MOST_FACES, Pool, face_table
from bauta.train.tasks import detector

SIDE = 64
SCENES = detector.SceneSettings(side=SIDE, pool=8, enlarged=0.0)


def filled(tmp_path, count: int = 8) -> Pool:
    """Scenes with a bright square as the face, and its box."""
    pool = Pool(tmp_path, count, SIDE)
    for row in range(count):
        x, y = 8 + 4 * row, 12
        pool.images[row] = 10
        pool.images[row, y : y + 20, x : x + 16] = 200
        box = np.array([x, y, x + 16, y + 20], np.float32)
        pool.boxes[row] = face_table(Scene(pool.images[row], box[None], np.zeros((0, 4))))
    pool.filled[0] = count
    return pool


def bright_box(picture) -> list[int]:
    """Extent of what is bright, x1 y1 x2 y2."""
    bright = picture.mean(0) > 60
    ys, xs = np.nonzero(bright.numpy())
    return [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]


@pytest.mark.parametrize("enlarged", [0.0, 1.0])
def test_boxes_move_with_their_pixels(tmp_path, enlarged):
    """Mirrored or not, enlarged or not: the box is where the bright square is."""
    pool, seen = filled(tmp_path), set()
    settings = detector.SceneSettings(side=SIDE, pool=8, enlarged=enlarged)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        pictures, boxes = detector.draw(pool, settings, rng, 4)
        for picture, table in zip(pictures, boxes, strict=True):
            found = bright_box(picture)
            assert table[0, :4].tolist() == pytest.approx(found, abs=1.5 if enlarged else 0)
            seen.add((found[0], picture.shape[-1]))
        assert len(pictures) == (1 if enlarged else 4)
    assert len(seen) > 4


def test_faces_to_ignore_are_marked_and_the_rest_is_padding():
    scene = Scene(np.zeros((8, 8, 3), np.uint8), np.ones((2, 4)), np.full((1, 4), 5.0))
    table = face_table(scene)
    assert table.shape == (MOST_FACES, 5)
    assert table[:4, 4].tolist() == [1, 1, -1, 0]


def test_the_same_step_draws_the_same_batch_and_processes_share_it(tmp_path, monkeypatch):
    filled(tmp_path)
    monkeypatch.setattr(detector, "start_composer", lambda *settings: _Nobody())
    task = detector.make(detector.DetectorRecipe(scenes=SCENES), (tmp_path,))
    whole = next(task.batches(1, range(5, 6), 4))
    again = list(task.batches(1, range(3, 6), 4))[-1]
    parts = [next(task.batches(1, range(5, 6), 4, rank, 2)) for rank in range(2)]
    for i in range(2):
        assert torch.equal(whole[i], again[i])
        assert torch.equal(whole[i][0::2], parts[0][i])
        assert torch.equal(whole[i][1::2], parts[1][i])


class _Nobody:
    def is_alive(self) -> bool:
        return True

    def terminate(self) -> None:
        pass


def test_a_few_steps_on_one_batch_lower_the_loss(tmp_path):
    from dataclasses import replace

    from bauta.train.distributed import World
    from bauta.train.learner import Learner
    from bauta.train.settings import TrainSettings

    pool = filled(tmp_path)
    torch.manual_seed(0)
    task = detector.make(detector.DetectorRecipe(scenes=SCENES), (tmp_path,))
    settings = TrainSettings(precision="bfloat16", clip=5.0)
    learner = Learner(task, replace(settings), torch.device("cpu"), World())
    batch = detector.draw(pool, SCENES, np.random.default_rng(0), 8)
    losses = [sum(learner.learn(batch, 2e-3)[0].values()) for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]


def test_a_pool_of_another_size_is_refused(tmp_path):
    filled(tmp_path)
    with pytest.raises(ModelError, match="a pool of another size"):
        Pool(tmp_path, 9, SIDE)


def test_a_detector_has_one_pool(tmp_path):
    with pytest.raises(InputError, match="one folder"):
        detector.make(detector.DetectorRecipe(), (tmp_path, tmp_path))
    with pytest.raises(InputError, match="multiple of 32"):
        detector.SceneSettings(side=100)
