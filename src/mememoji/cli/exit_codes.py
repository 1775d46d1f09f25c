"""The end of a command: errors as one line on standard error, with the exit code that belongs to them."""

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Final, NoReturn

import typer

from mememoji.errors import MememojiError
from mememoji.file_names import format_name

ERROR_EXIT_CODE: Final = 1
"""The exit code when a command failed; 2 means that it was used incorrectly."""

INTERRUPTED_EXIT_CODE: Final = 130
"""The exit code after Ctrl-C: what a shell reports for a program that SIGINT ends."""

TERMINATED_EXIT_CODE: Final = 143
"""The exit code after SIGTERM, as a shell reports it."""


class Terminated(SystemExit):
    """SIGTERM was received: a SystemExit, so that what runs is ended in order and leaves no temporary files."""


@contextlib.contextmanager
def exit_on_errors() -> Iterator[None]:
    """Exit with one line on standard error if the block raises an error of Mememoji or of the system, or is ended.

    Other exceptions are errors of the program itself and are raised unchanged.
    """
    try:
        yield
    except MememojiError as error:
        _exit(str(error), ERROR_EXIT_CODE)
    except KeyboardInterrupt:
        _exit("interrupted", INTERRUPTED_EXIT_CODE)
    except Terminated:
        # No longer this exception: a block around this one would report it again.
        _exit("terminated", TERMINATED_EXIT_CODE)
    except MemoryError as error:
        _exit(f"not enough memory: {error}" if str(error) else "not enough memory", ERROR_EXIT_CODE)
    except OSError as error:
        _exit(_describe(error), ERROR_EXIT_CODE)


def raise_on_sigterm() -> None:
    """Raise `Terminated` in the main thread when this process, not one forked from it, receives SIGTERM.

    At the very end the process ends by the signal, because service managers take an exit code 143 for a failure.
    """
    owner, was_received = os.getpid(), False

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        nonlocal was_received
        if os.getpid() != owner:
            end_by_sigterm()
        was_received = True
        raise Terminated(TERMINATED_EXIT_CODE)

    def end_by_sigterm() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, handle)
    # Registered first, it is called last.
    atexit.register(lambda: end_by_sigterm() if was_received and os.getpid() == owner else None)


def _exit(message: str, code: int) -> NoReturn:
    _report(message)
    sys.exit(code)


def _report(message: str) -> None:
    # Escaped, because most messages contain the name of a file.
    typer.echo(f"mememoji: {format_name(' '.join(message.split()))}", err=True)


def _describe(error: OSError) -> str:
    if error.filename is None or not error.strerror:
        return str(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror}"
