"""The command line as a whole: help, version, usage errors."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.version import __version__


def commands() -> Iterator[list[str]]:
    """Yield the names of all commands and command groups."""
    pending: list[tuple[list[str], object]] = [([], get_command(app))]
    while pending:
        names, command = pending.pop()
        yield names
        pending += [([*names, name], child) for name, child in getattr(command, "commands", {}).items()]


def find_command(names: list[str]) -> Any:
    command: Any = get_command(app)
    for name in names:
        command = command.commands[name]
    return command


def test_help_lists_the_commands() -> None:
    output = CliRunner().invoke(app, ["--help"]).output
    for name in ("predict", "model", "detector", "data", "train", "evaluate", "export"):
        assert name in output


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_help_describes_every_command(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    assert result.output.splitlines()[2].strip(), "the help must start with a summary"
    assert "--help" in result.output


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_help_describes_every_option_in_a_sentence(command: list[str]) -> None:
    for parameter in find_command(command).params:
        text = getattr(parameter, "help", None)
        assert text, f"{parameter.name} has no help text"
        assert text.endswith("."), f"the help text of {parameter.name} must end with a full stop, got {text!r}"


@pytest.mark.parametrize(
    "command",
    [[], ["train"], ["export"], ["calibrate"], ["convert"], ["distill"], ["search"], ["features"]],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    program = f"import sys; sys.argv = {['mememoji', *command, '--help']}\nfrom mememoji.cli import main\n"
    program += "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: mememoji ")
    assert set(done.stderr.split()).isdisjoint(
        {"numpy", "cv2", "PIL", "onnxruntime", "torch", "pyarrow", "rich", "tqdm"}
    )


def test_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"mememoji {__version__}\n")


def test_no_command_prints_help() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["predikt"])
    assert result.exit_code == 2
    assert "Did you mean 'predict'" in result.stderr
