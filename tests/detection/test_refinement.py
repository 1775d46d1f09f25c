"""The second stage, with a network that detects white ellipses only."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mememoji.detection.postprocess import make_anchor_points
from mememoji.detection.refinement import MIN_CANDIDATE_SCORE, REFINE_SIZE, Predictions, refine
from mememoji.types import UInt8Array

FACE = np.array(((-0.2, -0.15), (0.2, -0.15), (0.0, 0.05), (-0.15, 0.25), (0.15, 0.25)))
"""Landmarks of an upright face as fractions of its height, relative to its center."""


class EllipseNetwork:
    """Network that returns the box of a white ellipse with the landmarks of an upright face at one anchor point."""

    def __init__(self, score: float = 0.9) -> None:
        self.num_crops = 0
        self._logit = float(np.log(score / (1 - score)))

    def __call__(self, images: Sequence[UInt8Array]) -> npt.NDArray[np.float32]:
        self.num_crops += len(images)
        return np.stack([self._predict(image) for image in images])

    def _predict(self, image: UInt8Array) -> npt.NDArray[np.float32]:
        assert image.shape == (REFINE_SIZE, REFINE_SIZE, 3)
        anchor_points = make_anchor_points(REFINE_SIZE, REFINE_SIZE)
        outputs = np.zeros((len(anchor_points), 15), np.float32)
        outputs[:, 0] = -20
        mask = image[..., 0] / 255.0
        if mask.max() < 0.5:
            return outputs
        # Second moments of a filled ellipse, a quarter of its squared axes, which interpolation preserves.
        rows, columns = np.mgrid[0:REFINE_SIZE, 0:REFINE_SIZE] + 0.5
        center = np.array([(columns * mask).sum(), (rows * mask).sum()]) / mask.sum()
        spread = [((axis - m) ** 2 * mask).sum() / mask.sum() for axis, m in zip((columns, rows), center, strict=True)]
        half_sizes = np.maximum(2 * np.sqrt(np.array(spread)), 0.5)
        index = int(np.square(anchor_points[:, :2] - center).sum(axis=1).argmin())
        x, y, stride = anchor_points[index]
        points = center + FACE * 2 * half_sizes[1]
        outputs[index] = [
            self._logit,
            *((center - (x, y)) / stride),
            *np.log(2 * half_sizes / stride),
            *((points - (x, y)) / stride).ravel(),
        ]
        return outputs


def draw_ellipse(
    center: tuple[float, float], height: float, degrees: float, size: tuple[int, int]
) -> tuple[UInt8Array, Predictions]:
    """Return an image of a white ellipse, and its exact prediction with a score of 0.8."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    axes = round(height * 0.4 * 16), round(height * 0.5 * 16)
    fixed_point = round((center[0] - 0.5) * 16), round((center[1] - 0.5) * 16)
    cv2.ellipse(image, fixed_point, axes, degrees, 0, 360, (255, 255, 255), -1, cv2.LINE_AA, 4)
    angle = np.radians(degrees)
    rotation = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    half_sizes = np.sqrt(np.square(rotation) @ np.square((height * 0.4, height * 0.5)))
    box = np.concatenate([np.array(center) - half_sizes, np.array(center) + half_sizes])
    points = np.array(center) + FACE @ rotation.T * height
    return image, (box[None].astype(np.float32), np.array([0.8], np.float32), points[None].astype(np.float32))


@given(
    x=st.floats(0.3, 0.7),
    y=st.floats(0.3, 0.7),
    height=st.floats(12, 200),
    degrees=st.floats(-90, 90),
    odd=st.booleans(),
)
def test_refine_keeps_an_exact_prediction(x: float, y: float, height: float, degrees: float, odd: bool) -> None:
    """At any position, size and roll angle; large ones are sampled from smaller copies of the image."""
    size = (601, 483) if odd else (600, 480)
    image, predictions = draw_ellipse((x * size[0], y * size[1]), height, degrees, size)
    boxes, scores, landmarks = refine(image, predictions, EllipseNetwork())
    np.testing.assert_allclose(boxes, predictions[0], atol=1 + 0.03 * height)
    np.testing.assert_allclose(landmarks, predictions[2], atol=1 + 0.03 * height)
    assert 0.8 < scores[0] < 0.9


@given(shift=st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), scale=st.floats(0.85, 1.15))
def test_refine_moves_an_inexact_box_towards_the_face(shift: tuple[float, float], scale: float) -> None:
    image, (exact, scores, landmarks) = draw_ellipse((200, 150), 80, 0, (400, 300))
    center, half_size = (
        (exact[0, :2] + exact[0, 2:]) / 2 + np.array(shift) * 80,
        (exact[0, 2:] - exact[0, :2]) / 2 * scale,
    )
    off = np.concatenate([center - half_size, center + half_size])[None].astype(np.float32)
    error = float(np.abs(off - exact).max())
    assume(error > 4)
    boxes, _, _ = refine(image, (off, scores, landmarks), EllipseNetwork())
    assert np.abs(boxes - exact).max() < 0.6 * error


def test_refine_lowers_the_score_of_a_candidate_that_is_not_detected_again() -> None:
    image, (boxes, _, landmarks) = draw_ellipse((200, 150), 80, 0, (400, 300))
    network = EllipseNetwork()
    _, scores, _ = refine(np.zeros_like(image), (boxes, np.array([0.8], np.float32), landmarks), network)
    assert scores[0] < MIN_CANDIDATE_SCORE
    assert network.num_crops == 1, "the first view decides, and saves the second"
    uncertain = EllipseNetwork(score=0.5)
    _, scores, _ = refine(image, (boxes, np.array([0.8], np.float32), landmarks), uncertain)
    assert 0.5 < scores[0] < 0.8
    assert uncertain.num_crops == 2


def test_refine_keeps_candidates_with_low_scores() -> None:
    image, (boxes, _, landmarks) = draw_ellipse((200, 150), 80, 0, (400, 300))
    network = EllipseNetwork()
    low = np.array([MIN_CANDIDATE_SCORE - 0.01], np.float32)
    predictions = refine(image, (boxes, low, landmarks), network)
    assert network.num_crops == 0
    for before, after in zip((boxes, low, landmarks), predictions, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-3)


def test_refine_limits_the_number_of_crops_for_a_crowd() -> None:
    image, (boxes, _, landmarks) = draw_ellipse((200, 150), 80, 0, (400, 300))
    count = 200
    crowd = np.repeat(boxes, count, 0), np.linspace(0.9, 0.5, count, dtype=np.float32), np.repeat(landmarks, count, 0)
    network = EllipseNetwork()
    predictions = refine(image, crowd, network)
    assert 0 < network.num_crops <= 128
    assert predictions[0].shape == (count, 4)
    np.testing.assert_allclose(predictions[1][-1], 0.5, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 700, 3), (33, 35, 3)])
def test_refine_with_boxes_that_exceed_the_image_stays_finite(shape: tuple[int, int, int]) -> None:
    image = np.full(shape, 255, np.uint8)
    boxes = np.array([[-300, -300, 1200, 1200], [0, 0, 1, 1], [5, 5, 5, 5]], np.float32)
    landmarks = np.zeros((3, 5, 2), np.float32)
    predictions = refine(image, (boxes, np.full(3, 0.8, np.float32), landmarks), EllipseNetwork())
    assert all(np.isfinite(mask).all() for mask in predictions)


def test_refine_without_candidates_returns_none() -> None:
    nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
    network = EllipseNetwork()
    assert all(not len(mask) for mask in refine(np.zeros((8, 8, 3), np.uint8), nothing, network))
    assert network.num_crops == 0
