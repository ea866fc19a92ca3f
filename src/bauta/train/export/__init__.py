"""From trained weights to the file that ships: one graph with its pre- and post-processing, a card
that says what it is, a golden sample to check it by."""

from bauta.train.export.card import write_model
from bauta.train.export.experts import export_experts
from bauta.train.export.graph import finish, fuse, trace
from bauta.train.export.landmarks import export_landmarks
from bauta.train.export.run import Exported, coarse_of, export_run, export_stages
from bauta.train.export.storage import STORAGES, stored

__all__ = [
    "STORAGES",
    "Exported",
    "coarse_of",
    "export_experts",
    "export_landmarks",
    "export_run",
    "export_stages",
    "finish",
    "fuse",
    "stored",
    "trace",
    "write_model",
]
