"""From the name of a model to what finds points: the one way in for every kind of model."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bauta.assets.store import read_model
from bauta.checks import ModelError
from bauta.engine.session import Session
from bauta.regress.landmarks import TASK, LandmarkRegressor, Regressor
from bauta.regress.two_stage import FIVE, TwoStage

COARSE, COARSE_HASH = "coarse", "coarse_sha256"
"""What the file of a second stage says of the first: its name, beside it, and its hash."""


def open_regressor(model: str | Path, threads: int = 1, device: str = "cpu") -> Regressor:
    """The regressor of a model that ships, or of a file that ends in `.onnx`.

    A file that is the second of two stages names the first, which lies beside it: both are then
    one. ModelError when either is missing or is not what it should be.
    """
    data = read_model(model, TASK)
    session = Session(data, name=str(model), threads=threads, device=device)
    fine = LandmarkRegressor(session)
    if COARSE not in session.metadata:
        return fine
    path = Path(model).with_name(Path(session.metadata[COARSE]).name)
    if not path.is_file():
        raise ModelError(f"{model}: is the second of two stages; {path.name} must lie beside it")
    data = read_model(path)
    if hashlib.sha256(data).hexdigest() != session.metadata.get(COARSE_HASH):
        raise ModelError(
            f"{path}: is not the first stage with which {model} was exported; export both again "
            "with `bauta export-model RUN --coarse RUN`"
        )
    coarse = LandmarkRegressor(Session(data, name=str(path), threads=threads, device=device))
    if FIVE not in coarse.schemes.values():
        raise ModelError(f"{path}: a first stage predicts {FIVE}; this does not")
    return TwoStage(coarse, fine)
