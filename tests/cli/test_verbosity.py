"""Messages of libraries, hidden unless `--verbose` asks for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app

PROGRAM = """
import logging, sys, warnings
import mememoji.cli

@mememoji.cli.app.command()
def warn() -> None:
    warnings.warn("from warnings")
    logging.getLogger("library").warning("from logging")
    import cv2
    cv2.VideoWriter("/nowhere/o.avi", 0, 25, (64, 48))

mememoji.cli.main()
"""


@pytest.mark.parametrize(
    ("arguments", "is_shown"), [(["warn"], False), (["warn", "--verbose"], True), (["--verbose", "warn"], True)]
)
def test_library_messages_are_shown_only_with_verbose(arguments: list[str], is_shown: bool, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0
    assert bool(done.stderr) is is_shown
    assert all((text in done.stderr) is is_shown for text in ("from warnings", "library: from logging"))


@pytest.mark.parametrize("command", [["video"], ["data", "faces"], ["store", "export"]])
def test_every_command_has_the_option(command: list[str]) -> None:
    assert "--verbose" in CliRunner().invoke(app, [*command, "--help"]).stdout
