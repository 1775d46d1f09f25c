"""A summary of each face of a video, computed frame by frame in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from mememoji.types import Float64Array
from mememoji.video.timeline import Row

MIN_CHANGE_SECONDS: Final = 0.25
"""Seconds for which a new top emotion must last to count as a change; shorter ones are flicker."""

MAX_CHANGES: Final = 1000
"""The number of changes kept for each face; later ones are only counted."""

_MAX_GAP_SECONDS: Final = 1.0
"""The largest time between two rows of a face for which it counts as seen although frames between them lack it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the top emotion at `time`, in seconds."""

    time: float
    before: Emotion
    after: Emotion

    def to_dict(self) -> dict[str, Any]:
        """Convert the change to plain strings and numbers; the time is rounded to milliseconds."""
        return {"time": round(self.time, 3), "from": self.before.value, "to": self.after.value}


@dataclass(slots=True)
class FaceSummary:
    """The summary of one face; all times are in seconds.

    Each row counts for the time until the next analyzed frame, so the times do not depend on the frame stride.
    """

    track_id: int
    first_seen: float
    last_seen: float
    seconds_seen: float = 0.0
    num_changes: int = 0
    changes: list[Change] = field(default_factory=list)
    _sums: Float64Array = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    _top_seconds: Float64Array = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    _latest: Composition | None = None
    _until: float = 0.0
    _current: Emotion | None = None
    _candidate: tuple[Emotion, float] | None = None

    @property
    def mean_composition(self) -> Composition:
        """The mean composition over the time for which the face was seen."""
        return Composition.from_fractions(self._sums / self._sums.sum())

    @property
    def seconds_on_top(self) -> dict[Emotion, float]:
        """The number of seconds for which each emotion was the top one."""
        return dict(zip(EMOTIONS, self._top_seconds.tolist(), strict=True))

    @property
    def top(self) -> Emotion:
        """The emotion that was the top one for the longest time."""
        return EMOTIONS[int(self._top_seconds.argmax())]

    def add(self, row: Row) -> None:
        """Add the face's next row; its time is later than that of the row before."""
        if self._latest is not None and row.time - self.last_seen <= _MAX_GAP_SECONDS:
            self._until = row.time
        self.count_latest()
        self.last_seen = self._until = row.time
        self._latest = row.composition
        self._update_changes(row.time, row.composition.top)

    def extend(self, time: float) -> None:
        """Count the latest row until `time`, that of the first analyzed frame after it or of the end."""
        self._until = time

    def count_latest(self) -> None:
        """Add the latest row, whose duration is known now, to the times and the mean."""
        if self._latest is None:
            return
        seconds = self._until - self.last_seen
        self.seconds_seen += seconds
        self._sums += np.array(self._latest.fractions) * seconds
        self._top_seconds[EMOTIONS.index(self._latest.top)] += seconds
        self._latest = None

    def _update_changes(self, time: float, top: Emotion) -> None:
        if self._current is None:
            self._current = top
        elif top is self._current:
            self._candidate = None
        elif self._candidate is None or self._candidate[0] is not top:
            self._candidate = top, time
        if self._candidate is not None and time - self._candidate[1] >= MIN_CHANGE_SECONDS:
            self.num_changes += 1
            if len(self.changes) < MAX_CHANGES:
                self.changes.append(Change(self._candidate[1], self._current, top))
            self._current, self._candidate = top, None

    def to_dict(self) -> dict[str, Any]:
        """Convert the summary to plain dicts, lists, strings and numbers; times are rounded to milliseconds."""
        return {
            "face": self.track_id,
            "first_seen": round(self.first_seen, 3),
            "last_seen": round(self.last_seen, 3),
            "seconds_seen": round(self.seconds_seen, 3),
            "mean_composition": {emotion.value: round(value, 4) for emotion, value in self.mean_composition.items()},
            "top": self.top.value,
            "seconds_on_top": {emotion.value: round(value, 3) for emotion, value in self.seconds_on_top.items()},
            "num_changes": self.num_changes,
            "changes": [change.to_dict() for change in self.changes],
        }


class VideoSummary:
    """The summaries of all faces, by track ID; times and means are complete after `finish`."""

    def __init__(self) -> None:
        self.faces: dict[int, FaceSummary] = {}
        self._visible: list[FaceSummary] = []

    def add(self, time: float, rows: Iterable[Row]) -> None:
        """Add the next analyzed frame.

        Args:
            time: The time of the frame in seconds, later than the last one's.
            rows: The rows of the frame, which may be none.
        """
        for face in self._visible:
            face.extend(time)
        self._visible = []
        for row in rows:
            face = self.faces.setdefault(row.track_id, FaceSummary(row.track_id, row.time, row.time))
            face.add(row)
            self._visible.append(face)

    def finish(self, time: float) -> None:
        """Count the faces of the last frame until the end of the video at `time`, in seconds."""
        self.add(time, ())
        for face in self.faces.values():
            face.count_latest()
