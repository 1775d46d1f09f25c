"""Decoding of raw outputs."""

import numpy as np
import pytest

from mememoji.boxes import nms
from mememoji.detection.postprocess import decode, make_anchor_points


def test_make_anchor_points_returns_the_centers_of_cells() -> None:
    anchor_points = make_anchor_points(32, 64)
    assert anchor_points.shape == (4 * 8 + 2 * 4 + 1 * 2, 3)
    assert anchor_points[0].tolist() == [4, 4, 8]
    assert anchor_points[8].tolist() == [4, 12, 8]
    assert anchor_points[32].tolist() == [8, 8, 16]
    assert anchor_points[-1].tolist() == [48, 16, 32]


def test_decode_scales_outputs_by_the_stride() -> None:
    anchor_points = make_anchor_points(32, 32)
    outputs = np.full((len(anchor_points), 15), -9, np.float32)
    outputs[-1] = (2.0, 0.25, -0.5, np.log(0.5), np.log(0.75), *[1, 0] * 5)
    boxes, scores, landmarks = decode(outputs, anchor_points, min_score=0.5)
    np.testing.assert_allclose(boxes, [[16, -12, 32, 12]], atol=1e-4)
    assert scores[0] == pytest.approx(1 / (1 + np.exp(-2)))
    np.testing.assert_allclose(landmarks, [[[48, 16]] * 5])


def test_decode_without_scores_above_the_minimum_returns_empty_arrays() -> None:
    anchor_points = make_anchor_points(32, 32)
    boxes, scores, landmarks = decode(np.full((len(anchor_points), 15), -9, np.float32), anchor_points, min_score=0.5)
    assert (boxes.shape, scores.shape, landmarks.shape) == ((0, 4), (0,), (0, 5, 2))
    assert nms(boxes, scores, iou_threshold=0.4).tolist() == []
