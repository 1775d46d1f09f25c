"""Which detections are labeled faces."""

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.evaluation.detection.matching import curve, match

NOTHING = np.zeros((0, 4), np.float32)
NO_SCORES = np.zeros(0, np.float32)


def boxes(*rows: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


def scores(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


FACES = boxes((0, 0, 20, 20), (100, 0, 140, 40))


def test_no_detection_finds_nothing() -> None:
    found = match(NOTHING, NO_SCORES, FACES, NOTHING, iou=0.4)
    line = curve([found], least=0)
    assert (line.faces, line.average_precision) == (2, 0.0)
    assert line.at_precision(0.5) == (0.0, 1.0)
    assert line.at_threshold(0.5) == (0.0, 1.0)
    assert curve([], least=0).faces == 0


def test_a_face_is_found_once_and_by_the_surest() -> None:
    found = match(boxes((0, 0, 20, 20), (1, 0, 21, 20)), scores(0.5, 0.9), FACES, NOTHING, iou=0.4)
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])
    assert found.face.tolist() == [0, -1]
    line = curve([found], least=0)
    assert line.at_threshold(0.9) == pytest.approx((0.5, 1.0))
    assert line.at_threshold(0.1) == pytest.approx((0.5, 0.5))
    assert line.at_precision(0.9) == pytest.approx((0.5, 0.9))
    assert line.average_precision == pytest.approx(0.5)


def test_what_touches_an_ignored_region_is_excused() -> None:
    found = match(boxes((50, 50, 60, 60), (200, 0, 220, 20)), scores(0.9, 0.8), FACES, boxes((55, 55, 70, 70)), iou=0.4)
    assert found.excused.tolist() == [True, False]
    assert curve([found], least=0).precision.tolist() == [0.0]


def test_an_overlap_too_small_is_no_match() -> None:
    assert match(boxes((0, 0, 10, 20)), scores(0.9), FACES, NOTHING, iou=0.5).face.tolist() == [0]
    assert match(boxes((0, 0, 9, 20)), scores(0.9), FACES, NOTHING, iou=0.5).face.tolist() == [-1]


def test_heights_choose_faces_and_alarms() -> None:
    seen = boxes((0, 0, 20, 20), (100, 0, 140, 40), (200, 0, 210, 10))
    found = match(seen, scores(0.9, 0.8, 0.7), FACES, NOTHING, iou=0.4)
    large, small, all_ = curve([found], least=32), curve([found], least=0, below=32), curve([found], least=0)
    assert (large.faces, small.faces, all_.faces) == (1, 1, 2)
    assert large.at_threshold(0) == (1.0, 1.0)
    assert small.at_threshold(0) == (1.0, 0.5)
    assert all_.at_threshold(0) == pytest.approx((1.0, 2 / 3))


def test_equal_scores_stand_or_fall_together() -> None:
    found = match(boxes((0, 0, 20, 20), (200, 0, 240, 40)), scores(0.5, 0.5), FACES, NOTHING, iou=0.4)
    assert curve([found], least=0).precision.tolist() == [0.5]
