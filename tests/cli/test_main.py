import subprocess
import sys

from mememoji.version import __version__


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "mememoji", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mememoji", __version__]
