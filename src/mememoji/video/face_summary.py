"""What each face of a video showed, told while it runs and in bounded memory."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from mememoji.video.timeline import Row

HOLD: Final = 0.25
"""Seconds that another emotion must stay on top to count as a change: flicker between two is none."""

MOST_CHANGES: Final = 1000
"""So many changes are kept of each face, and the rest is counted."""

_GAP: Final = 1.0
"""A face unseen for longer than this many seconds was not there meanwhile."""


@dataclass(frozen=True, slots=True)
class Change:
    """The top emotion became another at `time`, in seconds."""

    time: float
    before: Emotion
    after: Emotion

    def to_dict(self) -> dict[str, Any]:
        return {"time": round(self.time, 3), "from": self.before.value, "to": self.after.value}


@dataclass(slots=True)
class FaceSummary:
    """One face's: times in seconds."""

    number: int
    first: float
    last: float
    seen: float = 0.0
    change_count: int = 0
    changes: list[Change] = field(default_factory=list)
    _sums: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    _on_top: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    _current: Emotion | None = None
    _next: tuple[Emotion, float] | None = None

    @property
    def mean(self) -> Composition:
        """The mean composition over the time that the face was seen."""
        return Composition.of(self._sums / self._sums.sum())

    @property
    def time_on_top(self) -> dict[Emotion, float]:
        """For how many seconds each emotion was the top one."""
        return dict(zip(EMOTIONS, self._on_top.tolist(), strict=True))

    @property
    def top(self) -> Emotion:
        """The emotion that was on top for the longest time."""
        return EMOTIONS[int(self._on_top.argmax())]

    def add(self, row: Row, interval: float) -> None:
        """Take the face's next row; `interval` is what one frame lasts where the last one is too long ago."""
        passed = row.time - self.last
        lasted = passed if 0 < passed <= max(_GAP, interval) else interval
        self.last = row.time
        self.seen += lasted
        self._sums += np.array(row.composition.fractions) * lasted
        top = row.composition.top
        self._on_top[EMOTIONS.index(top)] += lasted
        self._note_change(row.time, top)

    def _note_change(self, time: float, top: Emotion) -> None:
        if self._current is None:
            self._current = top
        elif top is self._current:
            self._next = None
        elif self._next is None or self._next[0] is not top:
            self._next = top, time
        if self._next is not None and time - self._next[1] >= HOLD:
            self.change_count += 1
            if len(self.changes) < MOST_CHANGES:
                self.changes.append(Change(self._next[1], self._current, top))
            self._current, self._next = top, None

    def to_dict(self) -> dict[str, Any]:
        return {
            "face": self.number,
            "first_seen": round(self.first, 3),
            "last_seen": round(self.last, 3),
            "seconds_seen": round(self.seen, 3),
            "mean_composition": {emotion.value: round(part, 4) for emotion, part in self.mean.items()},
            "top": self.top.value,
            "seconds_on_top": {emotion.value: round(time, 3) for emotion, time in self.time_on_top.items()},
            "change_count": self.change_count,
            "changes": [change.to_dict() for change in self.changes],
        }


class Summary:
    """All faces' summaries, by number.

    Args:
        interval: seconds from one frame to the next, as a rule.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self.faces: dict[int, FaceSummary] = {}

    def add(self, row: Row) -> None:
        """Take the next row; the times of a face rise."""
        # Moved back by a frame: the first row too stands for one frame's time.
        before = row.time - self._interval
        self.faces.setdefault(row.number, FaceSummary(row.number, row.time, before)).add(row, self._interval)
