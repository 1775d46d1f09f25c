"""Assignment of track IDs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.results import Box, Detection
from mememoji.tracking.tracker import Tracker


def at(x: float, y: float = 100, side: int = 60) -> Detection:
    return Detection(Box(max(round(x), 0), max(round(y), 0), side, side))


def test_update_without_faces_returns_no_track_ids() -> None:
    assert Tracker().update(0, []) == ()


def test_update_keeps_the_track_id_of_a_moving_face() -> None:
    tracker = Tracker()
    assert {tracker.update(n / 25, [at(10 + 12 * n)]) for n in range(40)} == {(1,)}


@pytest.mark.parametrize("fps", [8, 25, 60])
def test_update_keeps_the_track_ids_of_crossing_faces(fps: int) -> None:
    tracker = Tracker()
    for n in range(4 * fps):
        t = n / fps
        left, right = at(20 + 130 * t, 100), at(540 - 130 * t, 130)
        # In alternating order, which must not matter.
        track_ids = tracker.update(t, [left, right] if n % 2 else [right, left])
        assert track_ids == ((1, 2) if n % 2 else (2, 1)) or n == 0 or track_ids == ((2, 1) if n % 2 else (1, 2))
        if n == 0:
            first = track_ids
    assert sorted(first) == [1, 2]
    assert tracker.update(4, [at(540), at(20, 130)]) == (first[1], first[0])


def test_update_after_a_short_gap_keeps_the_track_id_and_after_a_long_one_not() -> None:
    tracker = Tracker(max_lost_seconds=1.0)
    seen = {n: [at(100 + 10 * n)] for n in [*range(10), 17, 30]}
    track_ids = [tracker.update(n / 10, seen.get(n, [])) for n in range(31)]
    assert [ids for ids in track_ids if ids] == [(1,)] * 11 + [(2,)]


def test_update_after_a_jump_or_another_size_starts_a_new_track() -> None:
    tracker = Tracker()
    tracker.update(0, [at(100)])
    assert tracker.update(0.1, [at(400)]) == (2,)
    assert tracker.update(0.2, [at(60, 60, 200)]) == (3,)


@pytest.mark.parametrize("interval", [0.2, 1.0, 2.0, 4.0, 60.0])
def test_update_keeps_the_track_ids_of_moving_faces_at_any_interval(interval: float) -> None:
    tracker = Tracker()
    for n in range(30):
        # Two seated people: each moves by up to one face size, and every seventh frame lacks the second.
        left, right = at(100 + 30 * math.sin(n)), at(340 + 30 * math.cos(2 * n))
        assert tracker.update(n * interval, [left] if n % 7 == 3 else [left, right])[0] == 1
    assert tracker.track_ids == {1, 2}


def test_update_keeps_the_track_id_at_a_variable_frame_rate() -> None:
    tracker, time = Tracker(), 0.0
    for n, elapsed in enumerate([0.04, 0.04, 3.0, 0.04, 1.5, 8.0, 0.1] * 3):
        time += elapsed
        assert tracker.update(time, [at(100 + 20 * math.sin(n))]) == (1,)
    # A frame that is shown for seconds does not count as time without the face.
    for elapsed in (5.0, 0.04, 0.04):
        time += elapsed
        tracker.update(time, [])
    assert tracker.update(time + 0.04, [at(100)]) == (1,)


def test_update_after_two_frames_without_the_face_starts_a_new_track() -> None:
    tracker = Tracker()
    tracker.update(0, [at(100)])
    for time in (2, 4):
        tracker.update(time, [])
    assert tracker.update(6, [at(100)]) == (2,)


def test_update_allows_larger_distances_between_frames_that_are_farther_apart() -> None:
    for elapsed, expected in ((0.04, 2), (1.0, 1)):
        tracker = Tracker()
        tracker.update(0, [at(100)])
        assert tracker.update(elapsed, [at(220)]) == (expected,)
    # Across the frame is another person at any interval.
    assert tracker.update(9.0, [at(460)]) == (2,)


def test_update_after_a_cut_keeps_only_the_track_ids_of_faces_that_overlap() -> None:
    tracker = Tracker()
    assert tracker.update(0, [at(100), at(300)]) == (1, 2)
    assert tracker.update(1.0, [at(110), at(370)], is_cut=True) == (1, 3)
    # The movement before a cut says nothing about the one after it.
    for n in range(5):
        tracker.update(2 + n / 10, [at(500 + 40 * n)])
    assert tracker.update(2.5, [at(660)], is_cut=True) == tracker.update(2.6, [at(660)])


def test_set_next_id_continues_the_numbering() -> None:
    tracker = Tracker()
    tracker.set_next_id(7)
    assert tracker.update(0, [at(0), at(300)]) == (7, 8)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(1, 200)), max_size=6), max_size=12
    )
)
def test_update_returns_distinct_track_ids(frames: list[list[tuple[int, int, int]]]) -> None:
    tracker, known = Tracker(), set[int]()
    for time, faces in enumerate(frames):
        track_ids = tracker.update(time / 10, [at(*face) for face in faces])
        assert len(set(track_ids)) == len(track_ids) == len(faces)
        known |= set(track_ids)
    assert known == set(range(1, len(known) + 1))


@pytest.mark.parametrize("max_lost_seconds", [-1, math.inf, math.nan])
def test_tracker_with_invalid_max_lost_seconds_raises_value_error(max_lost_seconds: float) -> None:
    with pytest.raises(ValueError, match="max_lost_seconds"):
        Tracker(max_lost_seconds=max_lost_seconds)
