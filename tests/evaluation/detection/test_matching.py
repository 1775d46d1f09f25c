"""Matching of detections to labeled faces."""

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.evaluation.detection.matching import match_detections, precision_recall_curve

NO_BOXES = np.zeros((0, 4), np.float32)
NO_SCORES = np.zeros(0, np.float32)


def boxes(*rows: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


def scores(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


FACES = boxes((0, 0, 20, 20), (100, 0, 140, 40))


def test_curve_without_detections_has_no_recall() -> None:
    matching = match_detections(NO_BOXES, NO_SCORES, FACES, NO_BOXES, iou_threshold=0.4)
    curve = precision_recall_curve([matching], min_size=0)
    assert (curve.num_faces, curve.average_precision) == (2, 0.0)
    assert curve.recall_at_precision(0.5) == (0.0, 1.0)
    assert curve.at_threshold(0.5) == (0.0, 1.0)
    assert precision_recall_curve([], min_size=0).num_faces == 0


def test_match_detections_matches_a_face_once_to_the_highest_score() -> None:
    matching = match_detections(
        boxes((0, 0, 20, 20), (1, 0, 21, 20)), scores(0.5, 0.9), FACES, NO_BOXES, iou_threshold=0.4
    )
    assert matching.scores.tolist() == pytest.approx([0.9, 0.5])
    assert matching.face.tolist() == [0, -1]
    curve = precision_recall_curve([matching], min_size=0)
    assert curve.at_threshold(0.9) == pytest.approx((0.5, 1.0))
    assert curve.at_threshold(0.1) == pytest.approx((0.5, 0.5))
    assert curve.recall_at_precision(0.9) == pytest.approx((0.5, 0.9))
    assert curve.average_precision == pytest.approx(0.5)


def test_match_detections_ignores_detections_in_ignored_regions() -> None:
    matching = match_detections(
        boxes((50, 50, 60, 60), (200, 0, 220, 20)), scores(0.9, 0.8), FACES, boxes((55, 55, 70, 70)), iou_threshold=0.4
    )
    assert matching.ignored.tolist() == [True, False]
    assert precision_recall_curve([matching], min_size=0).precision.tolist() == [0.0]


def test_match_detections_below_the_iou_threshold_does_not_match() -> None:
    assert match_detections(boxes((0, 0, 10, 20)), scores(0.9), FACES, NO_BOXES, iou_threshold=0.5).face.tolist() == [0]
    assert match_detections(boxes((0, 0, 9, 20)), scores(0.9), FACES, NO_BOXES, iou_threshold=0.5).face.tolist() == [-1]


def test_curve_counts_faces_and_false_positives_in_the_size_range() -> None:
    detected = boxes((0, 0, 20, 20), (100, 0, 140, 40), (200, 0, 210, 10))
    matching = match_detections(detected, scores(0.9, 0.8, 0.7), FACES, NO_BOXES, iou_threshold=0.4)
    large, small, all_ = (
        precision_recall_curve([matching], min_size=32),
        precision_recall_curve([matching], min_size=0, max_size=32),
        precision_recall_curve([matching], min_size=0),
    )
    assert (large.num_faces, small.num_faces, all_.num_faces) == (1, 1, 2)
    assert large.at_threshold(0) == (1.0, 1.0)
    assert small.at_threshold(0) == (1.0, 0.5)
    assert all_.at_threshold(0) == pytest.approx((1.0, 2 / 3))


def test_curve_with_equal_scores_has_one_point() -> None:
    matching = match_detections(
        boxes((0, 0, 20, 20), (200, 0, 240, 40)), scores(0.5, 0.5), FACES, NO_BOXES, iou_threshold=0.4
    )
    assert precision_recall_curve([matching], min_size=0).precision.tolist() == [0.5]
