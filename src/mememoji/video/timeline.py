"""The timeline: a CSV file with one row for each face of each frame."""

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
from mememoji.tracking.face_tracking import TrackedFrame

COLUMNS: Final = ("time", "face", *(emotion.value for emotion in EMOTIONS))
"""The time in seconds from the start of the video, the face's track ID, and the six fractions of its composition."""


@dataclass(frozen=True, slots=True)
class Row:
    """The composition of one face at one time, in seconds."""

    time: float
    track_id: int
    composition: Composition


def make_rows(tracked_frame: TrackedFrame) -> list[Row]:
    """Return one row for each face of a frame, sorted by track ID."""
    return [
        Row(tracked_frame.time, track_id, face.composition) for track_id, face in sorted(tracked_frame.faces.items())
    ]


class TimelineWriter:
    """A writer of timelines to a file or a stream; the rows of a frame reach the disk together.

    Args:
        target: The path of a file, which is replaced unless `append`, or an open text stream, which stays open.
        append: Whether rows are added to the existing file.

    Raises:
        RunError: The file cannot be written.
    """

    def __init__(self, target: Path | TextIO, *, append: bool = False) -> None:
        self._owns_file = isinstance(target, Path)
        try:
            self._file = (
                target.open("a" if append else "w", newline="", encoding="utf-8")
                if isinstance(target, Path)
                else target
            )
        except OSError as error:
            raise RunError(f"{target} cannot be written: {error.strerror}") from error
        # The same line ends on every system, so that a recording is the same file everywhere.
        self._csv = csv.writer(self._file, lineterminator="\n")
        if not append:
            self._write([COLUMNS])

    def add(self, tracked_frame: TrackedFrame) -> None:
        """Write the rows of one frame.

        Raises:
            RunError: The disk is full or was removed.
        """
        self._write(
            (f"{row.time:.3f}", row.track_id, *(f"{fraction:.4f}" for fraction in row.composition.fractions))
            for row in make_rows(tracked_frame)
        )

    def close(self) -> None:
        """Close the file; a stream stays open."""
        if self._owns_file:
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
            self._csv.writerows(rows)
            self._file.flush()
        except OSError as error:
            raise RunError(f"the timeline cannot be written: {error.strerror}") from error


def read_timeline(path: Path) -> Iterator[Row]:
    """Read a timeline row by row; an incomplete last line is ignored.

    Raises:
        VideoError: The file is missing or not a timeline.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            if next(file, "").rstrip("\r\n") != ",".join(COLUMNS):
                raise VideoError(f"{path} must be a timeline with the columns {','.join(COLUMNS)}")
            invalid: int | None = None
            for number, line in enumerate(file, 2):
                if invalid is not None:
                    raise VideoError(f"{path}: line {invalid} is not a valid row of a timeline")
                row = _parse_row(line) if line.endswith("\n") else None
                if row is None:
                    invalid = number
                else:
                    yield row
    except (OSError, UnicodeDecodeError) as error:
        raise VideoError(f"{path} cannot be read: {error}") from error


def prepare_resume(path: Path) -> list[Row]:
    """Remove the last frame of an interrupted timeline, which may lack faces, so that rows can be appended.

    Returns:
        The removed rows; an empty list if the timeline had none.

    Raises:
        VideoError: The file is missing or not a timeline.
        RunError: The file cannot be written.
    """
    last: list[Row] = []
    for row in read_timeline(path):
        last = [*last, row] if last and row.time == last[-1].time else [row]
    # Rows are plain ASCII, so the length of the kept lines in characters is their length in bytes.
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


def _parse_row(line: str) -> Row | None:
    cells = line.rstrip("\r\n").split(",")
    if len(cells) != len(COLUMNS):
        return None
    try:
        return Row(float(cells[0]), int(cells[1]), Composition.from_fractions([float(cell) for cell in cells[2:]]))
    except ValueError:
        return None
