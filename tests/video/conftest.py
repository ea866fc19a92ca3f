"""Media that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from media import noise, tone, write_video


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """Forty frames of noise with sound, index first, a key frame every ten."""
    return write_video(
        tmp_path_factory.mktemp("clip") / "clip.mp4",
        [noise(i) for i in range(40)],
        sound=tone(2.0),
        options={"movflags": "faststart"},
        encoder_options={"bf": "0", "g": "10"},
    )
