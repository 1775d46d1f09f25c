"""Request statistics over all workers, for `GET /admin/status`."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mememoji.types import Float64Array

TIME_INTERVAL: Final = 60
"""The number of seconds over which requests are counted."""
REQUEST_INTERVAL: Final = 100
"""The number of responses over which the response time is averaged."""

# Offsets into a worker's array of float64: its start time; a ring buffer of the number of requests per second, and the
# second that each of its slots refers to; ring buffers of the end times and durations of the last responses.
_START_TIME, _COUNTS, _SECONDS, _END_TIMES, _DURATIONS = np.cumsum(
    [0, 1, TIME_INTERVAL, TIME_INTERVAL, REQUEST_INTERVAL]
)
_SIZE: Final = int(_DURATIONS) + REQUEST_INTERVAL
_SUFFIX: Final = ".stats"


@dataclass(frozen=True, slots=True)
class StatsSummary:
    """A summary of the requests of all workers.

    Attributes:
        uptime: Seconds since the first worker started.
        num_requests: The number of responses within the last minute.
        avg_response_time: The mean response time of the last 100 responses in milliseconds.
    """

    uptime: float
    num_requests: int
    avg_response_time: float


class RequestStats:
    """The responses of this worker, in a form that the other workers can read.

    Each worker writes a memory-mapped file of its own, so no worker waits for another.

    Args:
        folder: The folder that all workers share; None counts for this process only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._own: Float64Array = np.zeros(_SIZE)
        if folder is not None:
            path = folder / f"{os.getpid()}-{time.time_ns()}{_SUFFIX}"
            self._own = np.memmap(path, np.float64, "w+", shape=(_SIZE,))
        self._own[_START_TIME] = time.time()
        self._num_responses = 0

    def record(self, milliseconds: float) -> None:
        """Count one more response that took this time."""
        now = time.time()
        second = int(now)
        slot = second % TIME_INTERVAL
        if self._own[_SECONDS + slot] != second:
            self._own[_SECONDS + slot], self._own[_COUNTS + slot] = second, 0
        self._own[_COUNTS + slot] += 1
        slot = self._num_responses % REQUEST_INTERVAL
        self._own[_END_TIMES + slot], self._own[_DURATIONS + slot] = now, milliseconds
        self._num_responses += 1

    def summarize(self) -> StatsSummary:
        """Return the summary over all workers."""
        now = time.time()
        workers = self._read_workers()
        is_recent = workers[:, _SECONDS : _SECONDS + TIME_INTERVAL] > now - TIME_INTERVAL
        counts = workers[:, _COUNTS : _COUNTS + TIME_INTERVAL]
        end_times = workers[:, _END_TIMES : _END_TIMES + REQUEST_INTERVAL].ravel()
        durations = workers[:, _DURATIONS : _DURATIONS + REQUEST_INTERVAL].ravel()
        latest = [index for index in np.argsort(-end_times)[:REQUEST_INTERVAL] if end_times[index] > 0]
        return StatsSummary(
            uptime=float(now - workers[:, _START_TIME].min()),
            num_requests=int(counts[is_recent].sum()),
            avg_response_time=float(durations[latest].mean()) if latest else 0.0,
        )

    def _read_workers(self) -> Float64Array:
        if self._folder is None:
            return self._own[None]  # (1, _SIZE)
        rows = [np.fromfile(path, np.float64) for path in self._folder.glob(f"*{_SUFFIX}")]
        return np.stack([row for row in rows if len(row) == _SIZE and row[_START_TIME] > 0] or [np.asarray(self._own)])
