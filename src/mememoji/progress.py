"""Progress on standard error: a bar on a terminal, and lines elsewhere, for example in the log of a batch job."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Final, Self, TypeVar

MIN_LINE_INTERVAL: Final = 5.0
"""The minimum time between two lines in seconds: work that takes less has none."""

_UNKNOWN_TOTAL_INTERVAL: Final = 30.0
_NUM_LINES: Final = 10

_Item = TypeVar("_Item")


class ProgressBar:
    """The progress of a task, as a bar if standard error is a terminal, else as a line for each tenth.

    Args:
        total: The number of units of the whole task; None if it is unknown.
        description: What is done, for example "finding faces".
        unit: The units in the plural, for example "images".
        initial: The number of units that were done earlier.
        is_shown: Whether anything is shown.
        has_lines: Whether a line is written for each tenth; without, there are only the lines of `write_line`.
        is_kept: Whether the bar stays on the terminal when the task has ended.
        min_line_interval: The minimum time between two lines in seconds.
    """

    def __init__(
        self,
        total: int | None,
        description: str,
        unit: str = "images",
        *,
        initial: int = 0,
        is_shown: bool = True,
        has_lines: bool = True,
        is_kept: bool = False,
        min_line_interval: float = MIN_LINE_INTERVAL,
    ) -> None:
        self._total, self._description, self._unit = total, description, unit
        self._initial = self._count = initial
        self._start_time = self._line_time = time.monotonic()
        self._min_line_interval = min_line_interval if total is not None else _UNKNOWN_TOTAL_INTERVAL
        self._tenth = self._find_tenth()
        self._bar: Any = None
        # A program without a console has no standard error.
        is_shown = is_shown and sys.stderr is not None
        is_terminal = is_shown and sys.stderr.isatty()
        self._is_log = is_shown and not is_terminal
        self._has_lines = has_lines and self._is_log
        if is_terminal:
            from tqdm import tqdm

            self._bar = tqdm(
                total=total,
                desc=description,
                unit=f" {unit}",
                initial=initial,
                leave=is_kept,
                unit_scale=True,
                file=sys.stderr,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, count: int = 1) -> None:
        """Count further units as done."""
        self._count += count
        if self._bar is not None:
            self._bar.update(count)
        elif self._has_lines:
            self._write_tenth()

    def describe(self, description: str, details: str = "") -> None:
        """Change the description, and the details after the bar."""
        self._description = description
        if self._bar is not None:
            self._bar.set_description(description, refresh=False)
            self._bar.set_postfix_str(details)

    def write_line(self, line: str) -> None:
        """Write a line and the time left, unless a bar is shown."""
        if self._is_log:
            self._write(line)

    def _write_tenth(self) -> None:
        tenth, now = self._find_tenth(), time.monotonic()
        if tenth == self._tenth or now - self._line_time < self._min_line_interval:
            return
        self._tenth, self._line_time = tenth, now
        rate = (self._count - self._initial) / max(now - self._start_time, 1e-9)
        done = f"{self._count:,} {self._unit}"
        if self._total:
            done = f"{self._count / self._total:.0%}, {self._count:,} of {self._total:,} {self._unit}"
        self._write(f"{self._description}: {done}, {_format_rate(rate)} {self._unit}/s")

    def _write(self, line: str) -> None:
        # In one call, so that lines of several processes do not mix.
        sys.stderr.write(f"{line}{self._describe_time_left()}\n")
        sys.stderr.flush()

    def _describe_time_left(self) -> str:
        done = self._count - self._initial
        if not self._total or done <= 0 or self._count >= self._total:
            return ""
        seconds = (time.monotonic() - self._start_time) / done * (self._total - self._count)
        return f", {_format_duration(seconds)} left"

    def _find_tenth(self) -> int:
        # Without a total every unit may have a line, and the interval alone limits them.
        return self._count * _NUM_LINES // self._total if self._total else self._count


def track_progress(
    items: Iterable[_Item], description: str, unit: str = "images", *, total: int | None = None, is_shown: bool = True
) -> Iterator[_Item]:
    """Yield items, and show the progress on standard error.

    Args:
        items: The items; their number is the total if they have one.
        description: What is done, for example "finding faces".
        unit: The items in the plural.
        total: The number of items if `items` has none.
        is_shown: Whether anything is shown.

    Example:
        >>> list(track_progress("abc", "reading", "letters"))
        ['a', 'b', 'c']
    """
    number = len(items) if total is None and isinstance(items, Sized) else total
    with ProgressBar(number, description, unit, is_shown=is_shown) as bar:
        for item in items:
            yield item
            bar.advance()


def _format_rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _format_duration(seconds: float) -> str:
    minutes, hours = round(seconds) // 60, round(seconds) // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {round(seconds) % 60} s" if minutes else f"{round(seconds)} s"
