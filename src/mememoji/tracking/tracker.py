"""Assignment of track IDs to the faces of consecutive frames."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mememoji.results import Box, Detection
from mememoji.types import Float64Array

# Filter gains: the weight of a new measurement relative to the prediction, below 1 because detectors' boxes jitter.
CENTER_GAIN: Final = 0.7
SIZE_GAIN: Final = 0.4
VELOCITY_GAIN: Final = 0.35

VELOCITY_SECONDS: Final = 0.5
"""The time constant in seconds with which a predicted movement slows down: people do not keep a velocity for long."""

MAX_DISTANCE: Final = 1.0
"""The largest distance from the predicted center at which a face is matched to a track, in units of the face size, if
frames follow each other closely."""

MAX_DISTANCE_PER_SECOND: Final = 2.0
"""The distance added for each second between two frames, because a face moves farther in a longer time."""

MAX_TOTAL_DISTANCE: Final = 3.0
"""The largest distance for frames that are any time apart."""

MIN_CUT_IOU: Final = 0.2
"""The smallest IoU of a face with the last box of its track if a scene cut is between them."""

MAX_SIZE_RATIO: Final = 2.0
"""The largest ratio of the sizes of a face and a track that are matched."""


@dataclass(slots=True)
class _Track:
    track_id: int
    time: float
    box: Box
    center: Float64Array  # (2,) x, y
    size: float
    velocity: Float64Array  # (2,) pixels per second
    num_missed: int = 0  # frames since the last match
    lost_since: float = math.inf  # the time of the first of them

    def predict(self, time: float) -> Float64Array:
        """Return the expected center (2,) at a time."""
        return self.center - self.velocity * VELOCITY_SECONDS * math.expm1((self.time - time) / VELOCITY_SECONDS)

    def update(self, box: Box, time: float) -> None:
        """Correct the track by a matched box."""
        elapsed = time - self.time
        predicted = self.predict(time)
        center = predicted + CENTER_GAIN * (_center(box) - predicted)
        if elapsed > 0:
            self.velocity = self.velocity + VELOCITY_GAIN * ((center - self.center) / elapsed - self.velocity)
        self.center, self.time, self.box = center, time, box
        self.num_missed, self.lost_since = 0, math.inf
        self.size += SIZE_GAIN * (_size(box) - self.size)


class Tracker:
    """Tracker with prediction by a slowing velocity; track IDs begin at 1.

    Of all pairs of a track and a face, those with the smallest distance in units of their size are matched first. The
    largest distance grows with the time between the frames. After a scene cut only faces that overlap are matched. A
    face that is lost for longer than `max_lost_seconds`, and for more than one frame, returns with a new track ID.

    Args:
        max_lost_seconds: The time in seconds for which a face may be lost and keep its track ID, from the first frame
            without it. A face that is lost in a single frame keeps it even if the frames are farther apart.

    Raises:
        ValueError: `max_lost_seconds` is negative or not finite.

    Example:
        >>> from mememoji.results import Box, Detection
        >>> from mememoji.tracking.tracker import Tracker
        >>> tracker = Tracker()
        >>> tracker.update(0.00, [Detection(Box(10, 20, 64, 64)), Detection(Box(200, 20, 64, 64))])
        (1, 2)
        >>> tracker.update(0.04, [Detection(Box(203, 21, 64, 64)), Detection(Box(12, 20, 64, 64))])
        (2, 1)
    """

    def __init__(self, *, max_lost_seconds: float = 1.0) -> None:
        if not (math.isfinite(max_lost_seconds) and max_lost_seconds >= 0):
            raise ValueError(f"max_lost_seconds must be finite and at least 0, got {max_lost_seconds}")
        self.max_lost_seconds = max_lost_seconds
        self._tracks: list[_Track] = []
        self._next_id = 1
        self._time = -math.inf

    @property
    def track_ids(self) -> set[int]:
        """The track IDs of the faces that are seen or were lost only recently."""
        return {track.track_id for track in self._tracks}

    def set_next_id(self, track_id: int) -> None:
        """Set the track ID of the next new face."""
        self._next_id = track_id

    def update(self, time: float, detections: Sequence[Detection], *, is_cut: bool = False) -> tuple[int, ...]:
        """Assign track IDs to the faces of the next frame.

        Args:
            time: The time of the frame in seconds, later than the last frame's.
            detections: The faces of the frame, in any order.
            is_cut: Whether a scene cut is between the last frame and this one.

        Returns:
            The distinct track IDs, in the order of the detections.
        """
        self._tracks = [
            track for track in self._tracks if track.num_missed <= 1 or time - track.lost_since <= self.max_lost_seconds
        ]
        max_distance = min(MAX_DISTANCE + MAX_DISTANCE_PER_SECOND * max(time - self._time, 0.0), MAX_TOTAL_DISTANCE)
        self._time = time
        if is_cut:
            for track in self._tracks:
                track.velocity = np.zeros(2)
        boxes = [detection.box for detection in detections]
        pairs = sorted(
            (distance, index, track.track_id, track)
            for track in self._tracks
            for index, box in enumerate(boxes)
            if (distance := _distance(track, box, time)) < max_distance
            and (not is_cut or track.box.iou(box) >= MIN_CUT_IOU)
        )
        matched: dict[int, _Track] = {}
        matched_ids: set[int] = set()
        for _, index, track_id, track in pairs:
            if index not in matched and track_id not in matched_ids:
                matched[index] = track
                matched_ids.add(track_id)
        for track in self._tracks:
            track.num_missed += 1
            track.lost_since = min(track.lost_since, time)
        for index, box in enumerate(boxes):
            if index in matched:
                matched[index].update(box, time)
            else:
                matched[index] = _Track(self._next_id, time, box, _center(box), _size(box), np.zeros(2))
                self._tracks.append(matched[index])
                self._next_id += 1
        return tuple(matched[index].track_id for index in range(len(boxes)))


def _center(box: Box) -> Float64Array:
    return np.array([box.x + box.width / 2, box.y + box.height / 2])


def _size(box: Box) -> float:
    return math.sqrt(box.area)


def _distance(track: _Track, box: Box, time: float) -> float:
    """Return the distance of a face from a track's predicted center in units of their size, plus a size penalty."""
    ratio = max(_size(box) / track.size, track.size / _size(box))
    if ratio > MAX_SIZE_RATIO:
        return math.inf
    offset = _center(box) - track.predict(time)
    return float(np.hypot(*offset)) / math.sqrt(_size(box) * track.size) + 0.5 * math.log(ratio)
