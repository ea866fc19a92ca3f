"""What a run reports: a table whose columns may grow, a picture of the score, events when asked."""

import csv
import sys

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bauta.checks import InputError
from bauta.train.curves import BOTTOM, SIZE, nice_ticks
from bauta.train.history import Events, draw_errors, write_table

ROWS = [
    {"step": 10, "epoch": 1.0, "loss": 5.0, "val_score": 9.0, "val_presence_wrong": 80.0},
    {"step": 20, "epoch": 2.0, "loss": 3.0, "val_score": 5.0, "val_presence_wrong": 5.0},
    {"step": 30, "epoch": 3.0, "loss": 2.0, "val_score": 4.0, "val_presence_wrong": 2.0},
]


def test_a_column_that_comes_later_is_empty_before(tmp_path):
    write_table(tmp_path / "log.csv", [{"step": 1.0}, {"step": 2.0, "extra": 0.123456789}])
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows == [{"step": "1", "extra": ""}, {"step": "2", "extra": "0.123457"}]


def test_the_score_falls_in_the_picture_and_a_large_column_does_not_flatten_it(tmp_path):
    draw_errors(tmp_path / "errors.png", ROWS)
    image = cv2.imread(str(tmp_path / "errors.png"))
    assert image is not None
    blue, red = image[..., 0].astype(int), image[..., 2].astype(int)
    rows, columns = np.nonzero((blue - red > 100)[: SIZE[1] - BOTTOM])  # without the legend
    assert rows[columns > 600].mean() > rows[columns < 150].mean() + 80


def test_ticks_are_round_and_zero_has_no_sign():
    assert [f"{tick:g}" for tick in nice_ticks(-0.02, 0.9)] == ["0", "0.2", "0.4", "0.6", "0.8"]


def test_a_run_without_scores_draws_its_loss(tmp_path):
    rows = [{k: v for k, v in row.items() if not k.startswith("val_")} for row in ROWS]
    draw_errors(tmp_path / "errors.png", rows)
    assert (tmp_path / "errors.png").stat().st_size > 1000


def test_events_without_the_package_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        Events(tmp_path, 0)


def test_events_are_read_back_by_tensorboard(tmp_path):
    read_events = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs tensorboard"
    )
    events = Events(tmp_path, 0)
    for row in ROWS:
        events.write(row)
    events.close()
    read = read_events.EventAccumulator(str(tmp_path))
    read.Reload()
    scores = read.Scalars("held out/score")
    assert [(item.step, item.value) for item in scores] == [(10, 9.0), (20, 5.0), (30, 4.0)]
    assert [item.value for item in read.Scalars("training/loss")] == [5.0, 3.0, 2.0]
