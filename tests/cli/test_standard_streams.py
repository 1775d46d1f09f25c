"""Standard streams that are closed, full, or a pipe that nobody reads."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import pytest
from typer.main import get_command

from mememoji.cli import app
from mememoji.cli.standard_streams import guard_output

COMMAND: Any = get_command(app)
PRINTING = (["--version"], ["--help"], ["model", "--json"], ["detector", "list"], ["serve", "--show-settings"])
FULL = Path("/dev/full")


def list_commands() -> Iterator[list[str]]:
    """Yield the names of all commands and command groups."""
    pending: list[tuple[list[str], Any]] = [([], COMMAND)]
    while pending:
        names, command = pending.pop()
        yield names
        pending += [([*names, name], child) for name, child in getattr(command, "commands", {}).items()]


def run(arguments: list[str], stdout: TextIO) -> object:
    with redirect_stdout(stdout), pytest.raises(SystemExit) as ended:
        COMMAND.main(arguments, prog_name="mememoji")
    # What the interpreter does at its end, where it ignores errors with a traceback.
    stdout.flush()
    return ended.value.code


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device without space")
def test_full_output_is_one_line_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (*PRINTING, *([*command, "--help"] for command in list_commands())):
        with FULL.open("w") as stream:
            code = run(arguments, guard_output(stream))
        error = capsys.readouterr().err
        assert (code, error) == (1, "mememoji: standard output cannot be written: No space left on device\n"), arguments


def test_broken_pipe_ends_every_command_without_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        for arguments in PRINTING:
            assert (run(arguments, guard_output(stream)), capsys.readouterr().err) == (141, ""), arguments


def test_guard_output_escapes_what_the_encoding_lacks(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        guarded = guard_output(stream)
        guarded.write("für\udcff\n")
        guarded.flush()
    assert (tmp_path / "out").read_bytes() == b"f\\xfcr\\udcff\n"


def test_guard_output_keeps_a_stream_without_a_file() -> None:
    stream = StringIO()
    assert guard_output(stream) is stream


@pytest.mark.parametrize(
    ("arguments", "redirection", "code", "error"),
    [
        ("--version", ">&-", 1, "mememoji: standard output cannot be written: it is closed\n"),
        ("--version", "2>/dev/full", 0, ""),
        ("predikt", "<&- >&- 2>&-", 2, ""),
    ],
)
def test_process_with_closed_streams_ends_in_order(arguments: str, redirection: str, code: int, error: str) -> None:
    command = f'exec "$0" -m mememoji {arguments} {redirection}'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (code, error)
