"""How busy the service is: what `GET /admin/status` says, added up over its workers."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

TIME_INTERVAL: Final = 60
"""Seconds over which requests are counted."""
REQUEST_INTERVAL: Final = 100
"""Answers over which the response time is averaged."""

_STARTED, _COUNTS, _STAMPS, _FINISHED, _LASTED = np.cumsum([0, 1, TIME_INTERVAL, TIME_INTERVAL, REQUEST_INTERVAL])
_SIZE: Final = int(_LASTED) + REQUEST_INTERVAL
_SUFFIX: Final = ".activity"


@dataclass(frozen=True, slots=True)
class Status:
    """`uptime` in seconds, `num_requests` in the last minute, `avg_response_time` in milliseconds."""

    uptime: float
    num_requests: int
    avg_response_time: float


class Activity:
    """Counts this worker's answers where the other workers can see them.

    Each worker writes to a file of its own, mapped into memory, so none waits for another.

    Args:
        folder: the workers' shared folder; None counts for this process alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._own: npt.NDArray[np.float64] = np.zeros(_SIZE)
        if folder is not None:
            path = folder / f"{os.getpid()}-{time.time_ns()}{_SUFFIX}"
            self._own = np.memmap(path, np.float64, "w+", shape=(_SIZE,))
        self._own[_STARTED] = time.time()
        self._answers = 0

    def count(self, milliseconds: float) -> None:
        """One more answer, which took so long."""
        now = time.time()
        second = int(now)
        slot = second % TIME_INTERVAL
        if self._own[_STAMPS + slot] != second:
            self._own[_STAMPS + slot], self._own[_COUNTS + slot] = second, 0
        self._own[_COUNTS + slot] += 1
        place = self._answers % REQUEST_INTERVAL
        self._own[_FINISHED + place], self._own[_LASTED + place] = now, milliseconds
        self._answers += 1

    def status(self) -> Status:
        """What all workers did."""
        now = time.time()
        workers = self._workers()
        recent = workers[:, _STAMPS : _STAMPS + TIME_INTERVAL] > now - TIME_INTERVAL
        counts = workers[:, _COUNTS : _COUNTS + TIME_INTERVAL]
        finished = workers[:, _FINISHED : _FINISHED + REQUEST_INTERVAL].ravel()
        lasted = workers[:, _LASTED : _LASTED + REQUEST_INTERVAL].ravel()
        last = [index for index in np.argsort(-finished)[:REQUEST_INTERVAL] if finished[index] > 0]
        return Status(
            uptime=float(now - workers[:, _STARTED].min()),
            num_requests=int(counts[recent].sum()),
            avg_response_time=float(lasted[last].mean()) if last else 0.0,
        )

    def _workers(self) -> npt.NDArray[np.float64]:
        if self._folder is None:
            return self._own[None]  # (1, _SIZE)
        rows = [np.fromfile(path, np.float64) for path in self._folder.glob(f"*{_SUFFIX}")]
        return np.stack([row for row in rows if len(row) == _SIZE and row[_STARTED] > 0] or [np.asarray(self._own)])
