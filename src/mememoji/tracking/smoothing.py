"""Compositions smoothed in time, whatever the frame rate."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mememoji.results import Composition

DEFAULT_SMOOTHING: Final = 0.3
"""Seconds: short enough that a smile is shown as it comes, long enough to still the network's flicker."""


@dataclass(slots=True)
class _State:
    time: float
    fractions: npt.NDArray[np.float64]  # (6,)


class Smoother:
    """Follows each face's composition exponentially: of a step, 63 % is there after `constant` seconds, 95 % after 3.

    Args:
        constant: the time constant in seconds; 0 leaves compositions as they are.
        memory: a face that was not seen for so many seconds starts afresh.

    Raises:
        ValueError: a constant or memory that is negative or not finite.
    """

    def __init__(self, constant: float = DEFAULT_SMOOTHING, *, memory: float = 1.0) -> None:
        self.constant = constant
        if not (math.isfinite(memory) and memory >= 0):
            raise ValueError(f"memory is 0 s or more, got {memory}")
        self._memory = memory
        self._states: dict[int, _State] = {}

    @property
    def constant(self) -> float:
        """The time constant in seconds; it may be changed while faces are followed."""
        return self._constant

    @constant.setter
    def constant(self, seconds: float) -> None:
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"a time constant is 0 s or more, got {seconds}")
        self._constant = seconds

    def smooth(self, time: float, number: int, composition: Composition) -> Composition:
        """The smoothed composition of face `number` at `time`, in seconds; times of a face rise."""
        state = self._states.get(number)
        new = np.array(composition.fractions)
        if state is not None and time - state.time <= self._memory and self._constant > 0:
            new = new + math.exp(-max(time - state.time, 0.0) / self._constant) * (state.fractions - new)
        self._states[number] = _State(time, new)
        return Composition.of(np.clip(new, 0.0, 1.0))

    def forget(self, time: float) -> None:
        """Drop the faces that would start afresh at `time`: memory stays bounded on long videos."""
        gone = [number for number, state in self._states.items() if time - state.time > self._memory]
        for number in gone:
            del self._states[number]
