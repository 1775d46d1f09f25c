"""Output to standard output and standard error, with a progress bar on a terminal."""

import sys
from types import TracebackType
from typing import Any, Final, Self, TextIO

from mememoji.file_names import format_name

_MIN_STEPS: Final = 8
"""The smallest number of steps for which a progress bar is shown."""


class Console:
    """A printer that keeps a progress bar below its output; the bar is shown only on a terminal and for many steps.

    Args:
        steps: The total number of steps.
    """

    def __init__(self, steps: int) -> None:
        self._bar: Any = None
        if steps >= _MIN_STEPS and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=steps, unit="image", leave=False, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self) -> None:
        """Advance the progress bar by one step."""
        if self._bar is not None:
            self._bar.update()

    def print(self, text: str) -> None:
        """Print text to standard output unchanged; no line end is added."""
        self._write(text, sys.stdout)

    def warn(self, message: str) -> None:
        """Print a line to standard error; what would break it, in the name of a file for example, is escaped."""
        self._write(f"mememoji: {format_name(message)}\n", sys.stderr)

    def _write(self, text: str, stream: TextIO) -> None:
        if self._bar is not None:
            self._bar.write(text, file=stream, end="")
        else:
            stream.write(text)
            stream.flush()
