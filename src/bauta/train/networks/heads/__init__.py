"""Heads by name: what reads the trunk's map or the code and says where points are."""

from __future__ import annotations

from bauta.train.networks.heads.base import IN_DEPTH, Head, Site, dims_of
from bauta.train.networks.heads.basis import Basis
from bauta.train.networks.heads.beside import Attributes, Expression, Pose, Presence, Uncertainty
from bauta.train.networks.heads.coordinates import Coordinates
from bauta.train.networks.heads.heatmap import Heatmap
from bauta.train.networks.heads.morphable import Morphable, Vertices

HEADS: dict[str, type[Head]] = {
    "attributes": Attributes,
    "basis": Basis,
    "coordinates": Coordinates,
    "expression": Expression,
    "heatmap": Heatmap,
    "morphable": Morphable,
    "pose": Pose,
    "presence": Presence,
    "uncertainty": Uncertainty,
    "vertices": Vertices,
}
"""Name in a recipe -> constructor; the keyword arguments behind `site` are its settings."""

__all__ = ["HEADS", "IN_DEPTH", "Head", "Site", "dims_of"]
