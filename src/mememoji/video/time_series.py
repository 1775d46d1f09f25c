"""The composition of each face over time, at a resolution that a plot can show, in bounded memory."""

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
        compositions: (N, 6) float64, the mean fractions in the order of `EMOTIONS`.
        bin_width: The duration that one point covers, in seconds.
    """

    times: Float64Array
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

    def add(self, row: Row) -> None:
        """Add the face's next row."""
        # Rounded, because a time on the border of two bins must not leave one of them empty.
        index = int(row.time / self._bin_width + 0.5)
        self._add_to_bin(index, np.array([1.0, row.time, *row.composition.fractions]))
        if len(self._bins) > self._max_points:
            self._bin_width *= 2
            old, self._bins = self._bins, {}
            for index, sums in old.items():
                self._add_to_bin((index + 1) // 2, sums)

    def points(self) -> TimeSeriesPoints:
        """Return the points of the rows added so far."""
        sums = np.array([self._bins[index] for index in sorted(self._bins)]).reshape(-1, 2 + len(EMOTIONS))  # (N, 8)
        return TimeSeriesPoints(sums[:, 1] / sums[:, 0], sums[:, 2:] / sums[:, :1], self._bin_width)

    def _add_to_bin(self, index: int, sums: Float64Array) -> None:
        current = self._bins.get(index)
        self._bins[index] = sums if current is None else current + sums


class FaceTimeSeries:
    """The time series of all faces, by track ID.

    Args:
        interval: The usual time from one frame to the next, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self.faces: dict[int, TimeSeries] = {}

    def add(self, row: Row) -> None:
        """Add the next row; the times of each face must increase."""
        self.faces.setdefault(row.track_id, TimeSeries(self._interval)).add(row)
