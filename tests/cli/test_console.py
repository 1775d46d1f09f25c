"""Output to standard output and standard error, with a progress bar on a terminal."""

import contextlib
import os
import pty
import termios
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TextIO

import pytest

from mememoji.cli.console import Console


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """A pseudo-terminal: the file descriptor of its reading end, and a stream that writes to it."""
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    with os.fdopen(writer, "w") as stream:
        yield reader, stream
    with contextlib.suppress(OSError):
        os.close(reader)


@pytest.mark.parametrize("steps", [0, 100])
def test_console_without_terminal_shows_no_bar(steps: int) -> None:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), Console(steps) as console:
        console.print("a\nb")
        console.warn("c")
        console.advance()
    assert out.getvalue() == "a\nb"
    assert err.getvalue() == "mememoji: c\n"


@pytest.mark.parametrize(("steps", "shown"), [(1, False), (9, True)])
def test_console_terminal_shows_a_bar_for_many_steps(terminal: tuple[int, TextIO], steps: int, shown: bool) -> None:
    reader, stream = terminal
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(stream), Console(steps) as console:
        for _ in range(steps):
            console.print("row\n")
            console.advance()
    stream.write("end")
    stream.flush()
    assert (b"image" in os.read(reader, 65536)) == shown
    assert out.getvalue() == "row\n" * steps
