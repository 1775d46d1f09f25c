"""Compositions to draw."""

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition


def pure(emotion: Emotion) -> Composition:
    return Composition.from_fractions([1.0 if other is emotion else 0.0 for other in EMOTIONS])


def halves() -> list[Composition]:
    """All pairs of emotions, half and half."""
    return [
        Composition.from_fractions([0.5 if emotion in pair else 0.0 for emotion in EMOTIONS])
        for pair in combinations(EMOTIONS, 2)
    ]


def random_compositions(count: int) -> list[Composition]:
    return [Composition.from_fractions(row) for row in np.random.default_rng(5).dirichlet([0.5] * 6, count)]


def _summing_to_one(parts: list[float]) -> Composition:
    total = sum(parts)
    return Composition.from_fractions([part / total for part in parts])


compositions = (
    st.lists(st.floats(0, 1), min_size=6, max_size=6).filter(lambda parts: sum(parts) > 1e-3).map(_summing_to_one)
)
"""Any composition, pure ones among them."""
