"""Faces keep their number from frame to frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mememoji.results import Box, Detection

_PLACE, _SIDE, _SPEED = 0.7, 0.4, 0.35
"""How much of what is new goes into a track's place, size and speed: detectors' boxes tremble."""

_REACH: Final = 1.0
"""A face is taken for the same within so many sides of where it is expected."""

_OTHER_SIZE: Final = 2.0
"""And if it is at most so many times as large or small."""


@dataclass(slots=True)
class _Track:
    number: int
    time: float
    center: npt.NDArray[np.float64]  # (2,) x, y
    side: float
    speed: npt.NDArray[np.float64]  # (2,) pixels a second

    def expected(self, time: float) -> npt.NDArray[np.float64]:
        return self.center + self.speed * (time - self.time)


class Tracker:
    """Numbers faces from 1, by where each is expected to go on.

    A track is expected where its speed takes it; of all pairs of a track and a face, the nearest in units of their
    size are joined first. A face that has gone for longer than `patience` comes back under a new number.

    Args:
        patience: seconds that a face may be out of sight and keep its number.

    Raises:
        ValueError: a patience that is negative or not finite.
    """

    def __init__(self, *, patience: float = 1.0) -> None:
        if not (math.isfinite(patience) and patience >= 0):
            raise ValueError(f"patience is 0 s or more, got {patience}")
        self.patience = patience
        self._tracks: list[_Track] = []
        self._next = 1

    def start_at(self, number: int) -> None:
        """Give `number` to the next new face."""
        self._next = number

    def update(self, time: float, detections: Sequence[Detection]) -> tuple[int, ...]:
        """Number the faces of the next frame.

        Args:
            time: the frame's, in seconds, later than the last one's.
            detections: its faces, in any order.

        Returns:
            Their numbers, in the order of the detections, all different.
        """
        self._tracks = [track for track in self._tracks if time - track.time <= self.patience]
        boxes = [detection.box for detection in detections]
        pairs = sorted(
            (distance, index, track.number, track)
            for track in self._tracks
            for index, box in enumerate(boxes)
            if (distance := _distance(track, box, time)) < _REACH
        )
        found: dict[int, _Track] = {}
        taken: set[int] = set()
        for _, index, number, track in pairs:
            if index not in found and number not in taken:
                found[index] = track
                taken.add(number)
        for index, box in enumerate(boxes):
            if index in found:
                _go_on(found[index], box, time)
            else:
                found[index] = _Track(self._next, time, _center(box), _side(box), np.zeros(2))
                self._tracks.append(found[index])
                self._next += 1
        return tuple(found[index].number for index in range(len(boxes)))


def _center(box: Box) -> npt.NDArray[np.float64]:
    return np.array([box.x + box.width / 2, box.y + box.height / 2])


def _side(box: Box) -> float:
    return math.sqrt(box.area)


def _distance(track: _Track, box: Box, time: float) -> float:
    """How far a face is from where the track should be, in sides of both; a change of size adds to it."""
    ratio = max(_side(box) / track.side, track.side / _side(box))
    if ratio > _OTHER_SIZE:
        return math.inf
    way = _center(box) - track.expected(time)
    return float(np.hypot(*way)) / math.sqrt(_side(box) * track.side) + 0.5 * math.log(ratio)


def _go_on(track: _Track, box: Box, time: float) -> None:
    passed = time - track.time
    place = track.expected(time) + _PLACE * (_center(box) - track.expected(time))
    if passed > 0:
        track.speed = track.speed + _SPEED * ((place - track.center) / passed - track.speed)
    track.center, track.time = place, time
    track.side += _SIDE * (_side(box) - track.side)
