"""Standard output and standard error, with a progress bar below them where someone watches."""

import sys
from types import TracebackType
from typing import Any, Final, Self, TextIO

_MANY: Final = 8
"""From this many images on, a progress bar is worth its line."""


class Screen:
    """Prints while a progress bar runs; the bar shows on a terminal and for many steps only.

    Args:
        steps: how many there will be.
    """

    def __init__(self, steps: int) -> None:
        self._bar: Any = None
        if steps >= _MANY and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=steps, unit="picture", leave=False, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self) -> None:
        """One more is done."""
        if self._bar is not None:
            self._bar.update()

    def print(self, text: str) -> None:
        """Print to standard output as it is: line ends are the caller's."""
        self._write(text, sys.stdout)

    def warn(self, message: str) -> None:
        """Print one line to standard error."""
        self._write(f"mememoji: {message}\n", sys.stderr)

    def _write(self, text: str, stream: TextIO) -> None:
        # A file's name may hold what the terminal's encoding, or any, cannot say.
        encoding = stream.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        if self._bar is not None:
            self._bar.write(text, file=stream, end="")
        else:
            stream.write(text)
            stream.flush()
