"""Where a record's figures are from: the day, the machine and the commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def today() -> str:
    """The day, as 2026-11-23."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def machine() -> str:
    """The CPU's name, as far as the system tells, its cores, and Python's version."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}"


def commit() -> str:
    """The commit that was measured; "-dirty" where files differ from it."""
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=_ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "none"
