"""`python -m mememoji`."""

import subprocess
import sys

from mememoji.version import __version__


def test_module_runs_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "mememoji", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mememoji", __version__]
