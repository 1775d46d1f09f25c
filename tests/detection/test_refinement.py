"""Closer looks, with a network that sees white ellipses and nothing else."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mememoji.detection.postprocess import places
from mememoji.detection.refinement import DOUBTFUL, TILE, Found, refine

Image = npt.NDArray[np.uint8]
FACE = np.array(((-0.2, -0.15), (0.2, -0.15), (0.0, 0.05), (-0.15, 0.25), (0.15, 0.25)))
"""Landmarks of an upright face in parts of its height, from its middle."""


class Seer:
    """Answers with the white ellipse's box and an upright face's landmarks in it, at one place; counts the tiles."""

    def __init__(self, score: float = 0.9) -> None:
        self.tiles = 0
        self._logit = float(np.log(score / (1 - score)))

    def __call__(self, pictures: Sequence[Image]) -> npt.NDArray[np.float32]:
        self.tiles += len(pictures)
        return np.stack([self._answers(picture) for picture in pictures])

    def _answers(self, picture: Image) -> npt.NDArray[np.float32]:
        assert picture.shape == (TILE, TILE, 3)
        where = places(TILE, TILE)
        answers = np.zeros((len(where), 15), np.float32)
        answers[:, 0] = -20
        part = picture[..., 0] / 255.0
        if part.max() < 0.5:
            return answers
        # Second moments of a filled ellipse, which sampling between pixels leaves alone: a quarter of its squared axes.
        rows, columns = np.mgrid[0:TILE, 0:TILE] + 0.5
        middle = np.array([(columns * part).sum(), (rows * part).sum()]) / part.sum()
        spread = [((axis - m) ** 2 * part).sum() / part.sum() for axis, m in zip((columns, rows), middle, strict=True)]
        halves = np.maximum(2 * np.sqrt(np.array(spread)), 0.5)
        place = int(np.square(where[:, :2] - middle).sum(axis=1).argmin())
        x, y, stride = where[place]
        points = middle + FACE * 2 * halves[1]
        answers[place] = [
            self._logit,
            *((middle - (x, y)) / stride),
            *np.log(2 * halves / stride),
            *((points - (x, y)) / stride).ravel(),
        ]
        return answers


def leaning(middle: tuple[float, float], height: float, degrees: float, size: tuple[int, int]) -> tuple[Image, Found]:
    """An image of a white ellipse, and what a detector that sees it exactly would say with a score of 0.8."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    axes = round(height * 0.4 * 16), round(height * 0.5 * 16)
    center = round((middle[0] - 0.5) * 16), round((middle[1] - 0.5) * 16)
    cv2.ellipse(image, center, axes, degrees, 0, 360, (255, 255, 255), -1, cv2.LINE_AA, 4)
    angle = np.radians(degrees)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    reach = np.sqrt(np.square(turn) @ np.square((height * 0.4, height * 0.5)))
    box = np.concatenate([np.array(middle) - reach, np.array(middle) + reach])
    points = np.array(middle) + FACE @ turn.T * height
    return image, (box[None].astype(np.float32), np.array([0.8], np.float32), points[None].astype(np.float32))


@given(
    x=st.floats(0.3, 0.7),
    y=st.floats(0.3, 0.7),
    height=st.floats(12, 200),
    degrees=st.floats(-90, 90),
    odd=st.booleans(),
)
def test_a_face_comes_back_where_it_is(x: float, y: float, height: float, degrees: float, odd: bool) -> None:
    """At any place and size, leaning to any side; large ones are seen in smaller copies of the image."""
    size = (601, 483) if odd else (600, 480)
    image, found = leaning((x * size[0], y * size[1]), height, degrees, size)
    boxes, scores, landmarks = refine(image, found, Seer())
    np.testing.assert_allclose(boxes, found[0], atol=1 + 0.03 * height)
    np.testing.assert_allclose(landmarks, found[2], atol=1 + 0.03 * height)
    assert 0.8 < scores[0] < 0.9


@given(shift=st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), grown=st.floats(0.85, 1.15))
def test_a_box_that_is_off_moves_towards_the_face(shift: tuple[float, float], grown: float) -> None:
    image, (exact, scores, landmarks) = leaning((200, 150), 80, 0, (400, 300))
    middle, half = (exact[0, :2] + exact[0, 2:]) / 2 + np.array(shift) * 80, (exact[0, 2:] - exact[0, :2]) / 2 * grown
    off = np.concatenate([middle - half, middle + half])[None].astype(np.float32)
    error = float(np.abs(off - exact).max())
    assume(error > 4)
    boxes, _, _ = refine(image, (off, scores, landmarks), Seer())
    assert np.abs(boxes - exact).max() < 0.6 * error


def test_what_is_not_seen_again_loses_its_score() -> None:
    image, (boxes, _, landmarks) = leaning((200, 150), 80, 0, (400, 300))
    seer = Seer()
    _, scores, _ = refine(np.zeros_like(image), (boxes, np.array([0.8], np.float32), landmarks), seer)
    assert scores[0] < DOUBTFUL
    assert seer.tiles == 1, "the first look decides, and saves the second"
    unsure = Seer(score=0.5)
    _, scores, _ = refine(image, (boxes, np.array([0.8], np.float32), landmarks), unsure)
    assert 0.5 < scores[0] < 0.8
    assert unsure.tiles == 2


def test_what_is_hardly_a_face_is_left_alone() -> None:
    image, (boxes, _, landmarks) = leaning((200, 150), 80, 0, (400, 300))
    seer = Seer()
    low = np.array([DOUBTFUL - 0.01], np.float32)
    found = refine(image, (boxes, low, landmarks), seer)
    assert seer.tiles == 0
    for before, after in zip((boxes, low, landmarks), found, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-3)


def test_a_crowd_costs_no_more_than_so_many_looks() -> None:
    image, (boxes, _, landmarks) = leaning((200, 150), 80, 0, (400, 300))
    count = 200
    crowd = np.repeat(boxes, count, 0), np.linspace(0.9, 0.5, count, dtype=np.float32), np.repeat(landmarks, count, 0)
    seer = Seer()
    found = refine(image, crowd, seer)
    assert 0 < seer.tiles <= 128
    assert found[0].shape == (count, 4)
    np.testing.assert_allclose(found[1][-1], 0.5, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 700, 3), (33, 35, 3)])
def test_faces_that_reach_out_of_the_picture(shape: tuple[int, int, int]) -> None:
    image = np.full(shape, 255, np.uint8)
    boxes = np.array([[-300, -300, 1200, 1200], [0, 0, 1, 1], [5, 5, 5, 5]], np.float32)
    landmarks = np.zeros((3, 5, 2), np.float32)
    found = refine(image, (boxes, np.full(3, 0.8, np.float32), landmarks), Seer())
    assert all(np.isfinite(part).all() for part in found)


def test_no_candidates_are_no_faces() -> None:
    nothing = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
    seer = Seer()
    assert all(not len(part) for part in refine(np.zeros((8, 8, 3), np.uint8), nothing, seer))
    assert seer.tiles == 0
