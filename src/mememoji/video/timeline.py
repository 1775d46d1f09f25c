"""The timeline: a CSV file with a row for each face of each frame."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

from mememoji.emotions import EMOTIONS
from mememoji.errors import RunError, VideoError
from mememoji.results import Composition
from mememoji.tracking.face_tracking import Moment

COLUMNS: Final = ("time", "face", *(emotion.value for emotion in EMOTIONS))
"""Seconds from the video's start, the face's number, and its composition's six fractions."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one face showed at one time."""

    time: float
    number: int
    composition: Composition


def rows_of(moment: Moment) -> list[Row]:
    """A moment's rows, by face number."""
    return [Row(moment.time, number, face.composition) for number, face in sorted(moment.faces.items())]


class TimelineWriter:
    """Writes rows as they come, to a file or a stream; each frame's reach the disk together.

    Args:
        target: a path, which is replaced, or goes on if `append`; or an open text stream, which stays open.
        append: keep what is there.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, target: Path | TextIO, *, append: bool = False) -> None:
        self._closes = isinstance(target, Path)
        try:
            self._file = (
                target.open("a" if append else "w", newline="", encoding="utf-8")
                if isinstance(target, Path)
                else target
            )
        except OSError as error:
            raise RunError(f"{target} cannot be written: {error.strerror}") from error
        # One kind of line end on every system, so that a recording is the same file everywhere.
        self._rows = csv.writer(self._file, lineterminator="\n")
        if not append:
            self._write([COLUMNS])

    def add(self, moment: Moment) -> None:
        """Write the faces of one frame.

        Raises:
            RunError: the disk is full or gone.
        """
        self._write(
            (f"{row.time:.3f}", row.number, *(f"{fraction:.4f}" for fraction in row.composition.fractions))
            for row in rows_of(moment)
        )

    def close(self) -> None:
        if self._closes:
            with suppress(OSError):
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, rows: Iterable[Iterable[object]]) -> None:
        try:
            self._rows.writerows(rows)
            self._file.flush()
        except OSError as error:
            raise RunError(f"the timeline cannot be written: {error.strerror}") from error


def read_timeline(path: Path) -> Iterator[Row]:
    """Read a timeline row by row; a last line that was cut off is left out.

    Raises:
        VideoError: missing, or no timeline.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            if next(file, "").rstrip("\r\n") != ",".join(COLUMNS):
                raise VideoError(f"{path} is no timeline: expected the columns {','.join(COLUMNS)}")
            cut: int | None = None
            for number, line in enumerate(file, 2):
                if cut is not None:
                    raise VideoError(f"{path}: line {cut} is no row of a timeline")
                row = _row(line) if line.endswith("\n") else None
                if row is None:
                    cut = number
                else:
                    yield row
    except (OSError, UnicodeDecodeError) as error:
        raise VideoError(f"{path} cannot be read: {error}") from error


def take_up(path: Path) -> list[Row]:
    """Make an interrupted timeline ready to be gone on with: its last frame, which may lack faces, is taken off.

    Returns:
        The last frame's rows, which are no longer in the file; empty where it had none.

    Raises:
        VideoError: missing, or no timeline.
        RunError: it cannot be written.
    """
    last: list[Row] = []
    for row in read_timeline(path):
        last = [*last, row] if last and row.time == last[-1].time else [row]
    # Rows are of plain ASCII, so the lines kept can be counted in bytes.
    try:
        with path.open("r+b") as file:
            end = 0
            for line in file:
                if last and line.startswith(f"{last[0].time:.3f},".encode()):
                    break
                if not line.endswith(b"\n"):
                    break
                end += len(line)
            file.truncate(end)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error
    return last


def _row(line: str) -> Row | None:
    cells = line.rstrip("\r\n").split(",")
    if len(cells) != len(COLUMNS):
        return None
    try:
        return Row(float(cells[0]), int(cells[1]), Composition.of([float(cell) for cell in cells[2:]]))
    except ValueError:
        return None
