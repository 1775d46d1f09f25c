"""The composition of each face over time, at a resolution that a plot can show, in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mememoji.emotions import EMOTIONS
from mememoji.types import Float64Array
from mememoji.video.timeline import Row

MAX_POINTS: Final = 1500
"""The default number of points kept; a plot is not much wider in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class TimeSeriesPoints:
    """The points of a time series.

    Attributes:
        times: (N,) float64, in seconds, increasing.
        ends: (N,) float64, the times in seconds until which the points hold: those of the next analyzed frames.
        compositions: (N, 6) float64, the mean fractions in the order of `EMOTIONS`.
        bin_width: The duration that one point covers, in seconds.
    """

    times: Float64Array
    ends: Float64Array
    compositions: Float64Array
    bin_width: float


class TimeSeries:
    """The composition of one face over time, as means over bins whose width doubles when there are too many.

    Args:
        bin_width: The initial width of a bin in seconds, above 0.
        max_points: The largest number of bins to keep, at least 2.

    Raises:
        ValueError: A value is out of range.
    """

    def __init__(self, bin_width: float, max_points: int = MAX_POINTS) -> None:
        if not bin_width > 0:
            raise ValueError(f"bin_width must be above 0 seconds, got {bin_width}")
        if max_points < 2:
            raise ValueError(f"max_points must be at least 2, got {max_points}")
        self._bin_width, self._max_points = bin_width, max_points
        self._bins: dict[int, Float64Array] = {}  # index -> (8,): count, sum of times, sums of fractions
        self._ends: dict[int, float] = {}  # index -> time until which the bin holds
        self._latest = 0

    def add(self, row: Row) -> None:
        """Add the face's next row."""
        # Rounded, because a time on the border of two bins must not leave one of them empty.
        self._latest = int(row.time / self._bin_width + 0.5)
        self._add_to_bin(self._latest, np.array([1.0, row.time, *row.composition.fractions]), row.time)
        if len(self._bins) > self._max_points:
            self._bin_width *= 2
            bins, ends = self._bins, self._ends
            self._bins, self._ends = {}, {}
            for index, sums in bins.items():
                self._latest = (index + 1) // 2
                self._add_to_bin(self._latest, sums, ends[index])

    def extend(self, time: float) -> None:
        """Let the latest row hold until `time`, that of the first analyzed frame after it or of the end."""
        self._ends[self._latest] = time

    def points(self) -> TimeSeriesPoints:
        """Return the points of the rows added so far."""
        indices = sorted(self._bins)
        sums = np.array([self._bins[index] for index in indices]).reshape(-1, 2 + len(EMOTIONS))  # (N, 8)
        ends = np.array([self._ends[index] for index in indices])
        return TimeSeriesPoints(sums[:, 1] / sums[:, 0], ends, sums[:, 2:] / sums[:, :1], self._bin_width)

    def _add_to_bin(self, index: int, sums: Float64Array, end: float) -> None:
        current = self._bins.get(index)
        self._bins[index] = sums if current is None else current + sums
        self._ends[index] = end


class FaceTimeSeries:
    """The time series of all faces, by track ID.

    Args:
        interval: The usual time from one analyzed frame to the next, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self.faces: dict[int, TimeSeries] = {}
        self._visible: list[TimeSeries] = []

    def add(self, time: float, rows: Iterable[Row]) -> None:
        """Add the next analyzed frame.

        Args:
            time: The time of the frame in seconds, later than the last one's.
            rows: The rows of the frame, which may be none.
        """
        self.finish(time)
        for row in rows:
            series = self.faces.setdefault(row.track_id, TimeSeries(self._interval))
            series.add(row)
            self._visible.append(series)

    def finish(self, time: float) -> None:
        """Let the faces of the last frame hold until `time`, in seconds."""
        for series in self._visible:
            series.extend(time)
        self._visible = []
