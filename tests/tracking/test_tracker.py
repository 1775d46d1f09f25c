"""Faces keep their number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.results import Box, Detection
from mememoji.tracking.tracker import Tracker


def at(x: float, y: float = 100, side: int = 60) -> Detection:
    return Detection(Box(max(round(x), 0), max(round(y), 0), side, side))


def test_no_faces() -> None:
    assert Tracker().update(0, []) == ()


def test_a_face_that_moves_keeps_its_number() -> None:
    tracker = Tracker()
    assert {tracker.update(n / 25, [at(10 + 12 * n)]) for n in range(40)} == {(1,)}


@pytest.mark.parametrize("rate", [8, 25, 60])
def test_two_that_cross_keep_theirs(rate: int) -> None:
    tracker = Tracker()
    for n in range(4 * rate):
        t = n / rate
        left, right = at(20 + 130 * t, 100), at(540 - 130 * t, 130)
        # In turns first and second: the order says nothing.
        numbers = tracker.update(t, [left, right] if n % 2 else [right, left])
        assert numbers == ((1, 2) if n % 2 else (2, 1)) or n == 0 or numbers == ((2, 1) if n % 2 else (1, 2))
        if n == 0:
            first = numbers
    assert sorted(first) == [1, 2]
    assert tracker.update(4, [at(540), at(20, 130)]) == (first[1], first[0])


def test_a_short_gap_is_bridged_and_a_long_one_not() -> None:
    tracker = Tracker(patience=1.0)
    for n in range(10):
        tracker.update(n / 10, [at(100 + 10 * n)])
    assert tracker.update(1.7, [at(275)]) == (1,)
    assert tracker.update(3.0, [at(290)]) == (2,)


def test_a_jump_or_another_size_is_another_face() -> None:
    tracker = Tracker()
    tracker.update(0, [at(100)])
    assert tracker.update(0.1, [at(400)]) == (2,)
    assert tracker.update(0.2, [at(60, 60, 200)]) == (3,)


def test_numbers_go_on_from_where_they_are_told() -> None:
    tracker = Tracker()
    tracker.start_at(7)
    assert tracker.update(0, [at(0), at(300)]) == (7, 8)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(1, 200)), max_size=6), max_size=12
    )
)
def test_numbers_of_a_frame_are_different(frames: list[list[tuple[int, int, int]]]) -> None:
    tracker, known = Tracker(), set[int]()
    for time, faces in enumerate(frames):
        numbers = tracker.update(time / 10, [at(*face) for face in faces])
        assert len(set(numbers)) == len(numbers) == len(faces)
        known |= set(numbers)
    assert known == set(range(1, len(known) + 1))


@pytest.mark.parametrize("patience", [-1, math.inf, math.nan])
def test_a_patience_of_no_sense(patience: float) -> None:
    with pytest.raises(ValueError, match="patience"):
        Tracker(patience=patience)
