"""Standard output and standard error, with a progress bar where someone watches."""

import contextlib
import os
import pty
import termios
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from typing import TextIO

import pytest

from mememoji.cli.console import Screen


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """A terminal: its reading end, and a stream that writes to it."""
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    with os.fdopen(writer, "w") as stream:
        yield reader, stream
    with contextlib.suppress(OSError):
        os.close(reader)


@pytest.mark.parametrize("steps", [0, 100])
def test_no_bar_where_no_one_watches(steps: int) -> None:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), Screen(steps) as screen:
        screen.print("a\nb")
        screen.warn("c")
        screen.step()
    assert out.getvalue() == "a\nb"
    assert err.getvalue() == "mememoji: c\n"


@pytest.mark.parametrize(("steps", "shown"), [(1, False), (9, True)])
def test_a_bar_on_a_terminal_for_many(terminal: tuple[int, TextIO], steps: int, shown: bool) -> None:
    reader, stream = terminal
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(stream), Screen(steps) as screen:
        for _ in range(steps):
            screen.print("row\n")
            screen.step()
    stream.write("end")
    stream.flush()
    assert (b"picture" in os.read(reader, 65536)) == shown
    assert out.getvalue() == "row\n" * steps


def test_what_the_encoding_cannot_say_is_escaped() -> None:
    out = TextIOWrapper(BytesIO(), encoding="ascii", write_through=True)
    with redirect_stdout(out), Screen(1) as screen:
        screen.print("für\udcff\n")
    assert out.buffer.getvalue() == b"f\\xfcr\\udcff\n"
