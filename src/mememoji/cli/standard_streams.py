"""Standard input, output and error of the process, which may be closed, full, or a pipe without a reader."""

import errno
import io
import os
import select
import sys
from typing import Any, Final, TextIO

from mememoji.errors import RunError

BROKEN_PIPE_EXIT_CODE: Final = 141
"""The exit code when the reader of standard output ends first: what a shell reports for a program that SIGPIPE ends."""


def open_standard_streams() -> None:
    """Make the three streams usable whatever the process was started with.

    Writing to standard output then raises RunError if that is closed or full, and SystemExit if it is a pipe without a
    reader; after the first error, output is discarded. Standard error never raises: messages that cannot be written
    must not end the work. Closed standard input is empty.
    """
    # A file that is opened later must not get the number of a closed stream: it would receive the stream's text.
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        if not _is_open(number):
            os.open(os.devnull, mode)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = guard_output(sys.stdout or open(1, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    sys.stderr = _replace_file(sys.stderr or open(2, "w", encoding="utf-8", closefd=False), _ErrorFile)  # noqa: SIM115


def guard_output(stream: TextIO) -> TextIO:
    """Return a stream that writes to the file of a text stream and raises errors as standard output does.

    Characters that the encoding of the stream lacks are written as escapes. A stream without a file of its own, for
    example a Windows console or one of a notebook, is returned as it is.
    """
    return _replace_file(stream, _OutputFile)


class _StreamFile(io.RawIOBase):
    """The file of a standard stream, by its descriptor."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def writable(self) -> bool:
        return True


class _OutputFile(_StreamFile):
    """A file that raises what ends a command with one line, once, and discards what is written after that."""

    _has_failed = False

    def write(self, content: Any, /) -> int:
        size = len(memoryview(content))
        # Typer writes nothing to find out whether a stream is binary.
        if self._has_failed or size == 0:
            return size
        try:
            return self._write_blocking(content)
        except BrokenPipeError:
            self._has_failed = True
            raise SystemExit(BROKEN_PIPE_EXIT_CODE) from None
        except OSError as error:
            self._has_failed = True
            reason = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise RunError(f"standard output cannot be written: {reason}") from error

    def _write_blocking(self, content: Any) -> int:
        while True:
            try:
                return os.write(self._number, content)
            except BlockingIOError:
                # The program that started this one uses the same pipe without blocking.
                select.select([], [self._number], [])


class _ErrorFile(_StreamFile):
    """A file that discards what cannot be written."""

    def write(self, content: Any, /) -> int:
        try:
            return os.write(self._number, content)
        except OSError:
            return len(memoryview(content))


def _replace_file(stream: TextIO, kind: type[_StreamFile]) -> TextIO:
    """Return a text stream like another one, on a file of another class with the same descriptor."""
    buffer: Any = getattr(stream, "buffer", None)
    # Without buffering, as with `python -u`, the buffer is the file itself.
    is_buffered = hasattr(buffer, "raw")
    if not isinstance(stream, io.TextIOWrapper) or type(buffer.raw if is_buffered else buffer) is not io.FileIO:
        return stream
    stream.flush()
    file: Any = kind(stream.fileno())
    # Text that cannot be encoded comes from file names, and must not end the command; bytes of names are kept.
    keeps_bytes = stream.errors == "surrogateescape" and stream.encoding.lower().replace("-", "") == "utf8"
    return io.TextIOWrapper(
        io.BufferedWriter(file) if is_buffered else file,
        stream.encoding,
        stream.errors if keeps_bytes else "backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
