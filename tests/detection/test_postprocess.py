"""From raw answers to boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.detection.postprocess import decode, ious, places, suppress


def test_places_stand_in_the_middles_of_their_cells() -> None:
    where = places(32, 64)
    assert where.shape == (4 * 8 + 2 * 4 + 1 * 2, 3)
    assert where[0].tolist() == [4, 4, 8]
    assert where[8].tolist() == [4, 12, 8]
    assert where[32].tolist() == [8, 8, 16]
    assert where[-1].tolist() == [48, 16, 32]


def test_answers_become_pixels_in_their_places_strides() -> None:
    where = places(32, 32)
    answers = np.full((len(where), 15), -9, np.float32)
    answers[-1] = (2.0, 0.25, -0.5, np.log(0.5), np.log(0.75), *[1, 0] * 5)
    boxes, scores, landmarks = decode(answers, where, least=0.5)
    np.testing.assert_allclose(boxes, [[16, -12, 32, 12]], atol=1e-4)
    assert scores[0] == pytest.approx(1 / (1 + np.exp(-2)))
    np.testing.assert_allclose(landmarks, [[[48, 16]] * 5])


def test_nothing_sure_enough_is_empty() -> None:
    where = places(32, 32)
    boxes, scores, landmarks = decode(np.full((len(where), 15), -9, np.float32), where, least=0.5)
    assert (boxes.shape, scores.shape, landmarks.shape) == ((0, 4), (0,), (0, 5, 2))
    assert suppress(boxes, scores, overlap=0.4).tolist() == []


BOXES = st.lists(st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 30)] * 2, st.floats(0, 1)), max_size=30)


@given(BOXES)
def test_what_stays_covers_nothing_that_stays_and_all_that_goes(rows: list[tuple[int, int, int, int, float]]) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[4] for row in rows], np.float32)
    kept = suppress(boxes, scores, overlap=0.4)
    among = ious(boxes[kept], boxes[kept])
    assert (among[~np.eye(len(kept), dtype=bool)] <= 0.4).all()
    assert (np.diff(scores[kept]) <= 0).all()
    gone = np.setdiff1d(np.arange(len(boxes)), kept)
    for number in gone:
        surer = kept[scores[kept] >= scores[number]]
        assert ious(boxes[[number]], boxes[surer]).max() > 0.4
