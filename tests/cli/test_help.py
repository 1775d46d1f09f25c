"""The command line as a whole: help, version, and errors."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.version import __version__


def commands() -> Iterator[list[str]]:
    """Every command there is, and the groups."""
    todo: list[tuple[list[str], object]] = [([], get_command(app))]
    while todo:
        name, command = todo.pop()
        yield name
        todo += [([*name, inner], child) for inner, child in getattr(command, "commands", {}).items()]


def test_the_commands() -> None:
    told = CliRunner().invoke(app, ["--help"]).output
    assert [
        name for name in ("predict", "model", "detector", "data", "train", "evaluate", "export") if name in told
    ] == [*("predict", "model", "detector", "data", "train", "evaluate", "export")]


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_has_help(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    # A first line that says what it does, and nothing left unsaid about an option.
    assert result.output.splitlines()[2].strip()
    assert "--help" in result.output


@pytest.mark.parametrize(
    "command",
    [[], ["train"], ["export"], ["calibrate"], ["convert"], ["distill"], ["search"], ["features"]],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    program = f"import sys; sys.argv = {['mememoji', *command, '--help']}\nfrom mememoji.cli import main\n"
    program += "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: mememoji ")
    assert set(done.stderr.split()).isdisjoint(
        {"numpy", "cv2", "PIL", "onnxruntime", "torch", "pyarrow", "rich", "tqdm"}
    )


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"mememoji {__version__}\n")


def test_nothing_asked_is_a_call_for_help() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(app, ["predikt"])
    assert result.exit_code == 2
    assert "Did you mean 'predict'" in result.stderr
