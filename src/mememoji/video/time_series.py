"""The course of each face's composition, at a resolution that suits a plot and a memory that is bounded."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mememoji.emotions import EMOTIONS
from mememoji.video.timeline import Row

MOST_POINTS: Final = 1500
"""A plot is not much wider in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """(N,) times in seconds, rising, and (N, 6) float64 compositions; `width` is the time that a point stands for."""

    times: npt.NDArray[np.float64]
    compositions: npt.NDArray[np.float64]
    width: float


class Curve:
    """One face's course: means over equal stretches of time, which double in length when there get too many.

    Args:
        width: seconds of the first stretches.
        most: how many stretches are kept at most.
    """

    def __init__(self, width: float, most: int = MOST_POINTS) -> None:
        if not width > 0 or most < 2:
            raise ValueError(f"a curve has at least 2 points of some width, got {most} of {width} s")
        self._width, self._most = width, most
        self._sums: dict[int, npt.NDArray[np.float64]] = {}  # place -> (8,): count, sum of times, sums of fractions

    def add(self, row: Row) -> None:
        """Take the face's next row."""
        # A time may lie on the edge of two stretches, and rounding must not leave one of them empty.
        self._add(int(row.time / self._width + 0.5), np.array([1.0, row.time, *row.composition.fractions]))
        if len(self._sums) > self._most:
            self._width *= 2
            old, self._sums = self._sums, {}
            for place, sums in old.items():
                self._add((place + 1) // 2, sums)

    def points(self) -> Points:
        """What there is so far."""
        sums = np.array([self._sums[place] for place in sorted(self._sums)]).reshape(-1, 2 + len(EMOTIONS))  # (N, 8)
        return Points(sums[:, 1] / sums[:, 0], sums[:, 2:] / sums[:, :1], self._width)

    def _add(self, place: int, sums: npt.NDArray[np.float64]) -> None:
        known = self._sums.get(place)
        self._sums[place] = sums if known is None else known + sums


class Curves:
    """The courses of all faces, by number.

    Args:
        interval: seconds from one frame to the next, as a rule.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self.faces: dict[int, Curve] = {}

    def add(self, row: Row) -> None:
        """Take the next row; the times of a face rise."""
        self.faces.setdefault(row.number, Curve(self._interval)).add(row)
