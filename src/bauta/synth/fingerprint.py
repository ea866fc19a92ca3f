"""A few digits by which to tell apart what pictures were made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def hash_of(parts: Iterable[bytes]) -> str:
    """Eight digits."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()[:8]
