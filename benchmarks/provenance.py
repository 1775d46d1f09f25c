"""Provenance of a benchmark result: date, machine and commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def today() -> str:
    """Return the date, as 2026-11-23."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def machine() -> str:
    """Return the CPU's name, its cores and the version of Python."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}"


def commit() -> str:
    """Return the measured commit, with "-dirty" if files differ from it."""
    described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=_ROOT, capture_output=True, text=True)
    return described.stdout.strip() or "none"
