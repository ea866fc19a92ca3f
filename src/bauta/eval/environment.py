"""Where a measurement was made: version, commit, machine."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import lru_cache
from pathlib import Path

import bauta


@lru_cache(maxsize=1)
def environment() -> dict[str, str]:
    """Version, commit and machine, for records of measurements."""
    here = Path(__file__).resolve().parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=10)
        commit = run.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        commit = ""
    return {
        "bauta": bauta.__version__,
        "commit": commit or "unknown",
        "machine": f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
