"""Temporal smoothing of compositions, independent of the frame rate."""

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

import numpy as np

from mememoji.results import Composition
from mememoji.types import Float64Array

DEFAULT_SMOOTHING: Final = 0.3
"""The time constant in seconds: short enough to show a smile as it forms, long enough to suppress flicker."""


@dataclass(slots=True)
class _State:
    time: float
    fractions: Float64Array  # (6,)


class Smoother:
    """Exponential smoothing of each track's composition.

    The result has followed 63 % of a sudden change after one time constant, and 95 % after three.

    Args:
        time_constant: The time constant in seconds; 0 turns smoothing off.

    Raises:
        ValueError: The time constant is negative or not finite.

    Example:
        >>> from mememoji.results import Composition
        >>> from mememoji.tracking.smoothing import Smoother
        >>> smoother = Smoother(time_constant=0.3)
        >>> sad, happy = Composition((0, 0, 0, 1, 0, 0)), Composition((0, 0, 1, 0, 0, 0))
        >>> _ = smoother.smooth(0.0, 1, sad)
        >>> round(smoother.smooth(0.3, 1, happy)["happy"], 2)
        0.63
    """

    def __init__(self, time_constant: float = DEFAULT_SMOOTHING) -> None:
        self.time_constant = time_constant
        self._states: dict[int, _State] = {}

    @property
    def time_constant(self) -> float:
        """The time constant in seconds, which may be changed at any time."""
        return self._time_constant

    @time_constant.setter
    def time_constant(self, seconds: float) -> None:
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"time_constant must be finite and at least 0, got {seconds}")
        self._time_constant = seconds

    def smooth(self, time: float, track_id: int, composition: Composition) -> Composition:
        """Return the smoothed composition of a track.

        Args:
            time: The time of the frame in seconds, increasing for each track.
            track_id: The track ID of the face.
            composition: The composition in this frame.
        """
        state = self._states.get(track_id)
        new = np.array(composition.fractions)
        if state is not None and self._time_constant > 0:
            new = new + math.exp(-max(time - state.time, 0.0) / self._time_constant) * (state.fractions - new)
        self._states[track_id] = _State(time, new)
        return Composition.from_fractions(np.clip(new, 0.0, 1.0))

    def retain(self, track_ids: Container[int]) -> None:
        """Drop the history of all other tracks, so that memory stays bounded on long videos."""
        self._states = {track_id: state for track_id, state in self._states.items() if track_id in track_ids}
