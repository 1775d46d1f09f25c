"""Compositions smoothed in time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.emotions import Emotion
from mememoji.results import Composition
from mememoji.tracking.smoothing import Smoother

SAD = Composition((0, 0, 0, 1, 0, 0))
HAPPY = Composition((0, 0, 1, 0, 0, 0))


@pytest.mark.parametrize("rate", [5, 30, 240])
@pytest.mark.parametrize("constant", [0.1, 0.5])
def test_of_a_step_63_percent_is_there_after_the_constant_at_any_rate(rate: int, constant: float) -> None:
    smoother = Smoother(constant)
    smoother.smooth(0, 1, SAD)
    steps = round(2 * constant * rate)
    shown = [smoother.smooth(n / rate, 1, HAPPY)[Emotion.HAPPY] for n in range(1, steps + 1)]
    assert shown == pytest.approx([1 - math.exp(-n / rate / constant) for n in range(1, steps + 1)])


def test_without_a_constant_nothing_changes() -> None:
    smoother = Smoother(0)
    assert smoother.smooth(0, 1, SAD) == SAD
    assert smoother.smooth(0.01, 1, HAPPY) == HAPPY


def test_faces_do_not_mix_and_start_as_they_are() -> None:
    smoother = Smoother(10)
    assert smoother.smooth(0, 1, SAD) == SAD
    assert smoother.smooth(0.1, 2, HAPPY) == HAPPY


def test_after_a_long_absence_a_face_starts_afresh() -> None:
    smoother = Smoother(10, memory=1)
    smoother.smooth(0, 1, SAD)
    assert smoother.smooth(0.9, 1, HAPPY)[Emotion.HAPPY] < 0.1
    assert smoother.smooth(2.0, 1, HAPPY) == HAPPY


def test_what_is_forgotten_starts_afresh() -> None:
    smoother = Smoother(10, memory=1)
    smoother.smooth(0, 1, SAD)
    smoother.forget(5)
    assert smoother.smooth(0.5, 1, HAPPY) == HAPPY


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=6, max_size=6), min_size=1, max_size=20), st.floats(0, 3))
def test_it_stays_a_composition(rows: list[list[float]], constant: float) -> None:
    smoother = Smoother(constant)
    for number, row in enumerate(rows):
        shown = smoother.smooth(number / 20, 1, Composition.of([value / sum(row) for value in row]))
        assert sum(shown.fractions) == pytest.approx(1)


@pytest.mark.parametrize("constant", [-0.1, math.nan, math.inf])
def test_a_constant_of_no_sense(constant: float) -> None:
    with pytest.raises(ValueError, match="time constant"):
        Smoother(constant)
