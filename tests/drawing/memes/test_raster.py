"""The face as pixels, and laid over the faces of an image."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.drawing.canvas import rgb
from mememoji.drawing.memes import lay_meme, lay_over, meme_image
from mememoji.drawing.memes.meme_overlay import tilt
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Box, Detection, Face, Landmarks
from tests.drawing.memes.compositions import compositions, pure

HAPPY = pure(Emotion.HAPPY)


def ground(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), 128, np.uint8)


def landmarks(angle: float, x: float = 150, y: float = 150) -> Landmarks:
    """Five points of a face turned clockwise about (x, y)."""
    points = [(-20, -15), (20, -15), (0, 0), (-15, 20), (15, 20)]
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple((x + cos * px - sin * py, y + sin * px + cos * py) for px, py in points)


@pytest.mark.parametrize("size", [1, 2, 16, 48, 200, 401, 1400])
def test_every_size_has_an_opaque_face_on_a_transparent_ground(size: int) -> None:
    image = meme_image(HAPPY, size)
    assert image.shape == (size, size, 4)
    assert image.dtype == np.uint8
    if size >= 48:
        assert image[size // 2, size // 2, 3] == 255
        assert not image[0, :, 3].any()
        assert not image[:, [0, -1], 3].any()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_tuft_is_tinted(emotion: Emotion) -> None:
    image = meme_image(pure(emotion), 200)
    off = np.abs(image[..., :3].astype(int) - rgb(emotion.color)).max(axis=2)
    assert (off <= 1).sum() > 150


def test_a_rim_stands_out_from_a_dark_ground_and_the_outline_from_a_light_one() -> None:
    row = meme_image(pure(Emotion.NEUTRAL), 400)[250]
    opaque = row[row[:, 3] == 255, :3]
    assert (opaque[1] > 240).all()
    first_dark = int(np.flatnonzero((opaque < 70).all(axis=1))[0])
    assert first_dark < 20


@pytest.mark.parametrize(("one", "other"), list(combinations(EMOTIONS, 2)))
@pytest.mark.parametrize("size", [48, 200])
def test_pure_emotions_are_distinct_pictures(one: Emotion, other: Emotion, size: int) -> None:
    first, second = (meme_image(pure(emotion), size).astype(int) for emotion in (one, other))
    assert (np.abs(first - second).max(axis=2) > 60).mean() > 0.06


@given(compositions)
@settings(max_examples=15)
def test_any_composition_is_a_picture(composition: dict[Emotion, float]) -> None:
    image = meme_image(composition, 64)
    assert 0.3 < (image[..., 3] > 128).mean() < 0.8
    assert not image[0, :, 3].any()


@given(
    compositions,
    st.integers(0, 110),
    st.integers(0, 80),
    st.integers(1, 200),
    st.integers(1, 200),
    st.none() | st.floats(-math.pi, math.pi),
)
def test_it_is_cut_at_the_pictures_edges(
    composition: dict[Emotion, float], x: int, y: int, width: int, height: int, angle: float | None
) -> None:
    # A frame inside a larger array: what is written outside the frame would be seen around it.
    whole = np.full((90 + 40, 120 + 40, 3), 77, np.uint8)
    frame = whole[20:-20, 20:-20]
    lay_meme(frame, Box(x, y, width, height), composition, None if angle is None else landmarks(angle))
    around = np.ones(whole.shape[:2], bool)
    around[20:-20, 20:-20] = False
    assert (whole[around] == 77).all()


def test_cut_at_an_edge_it_is_the_same_face() -> None:
    part = ground(210, 220)
    lay_meme(part, Box(0, 0, 20, 20), HAPPY)
    moved = ground(210, 220)
    lay_meme(moved, Box(60, 60, 20, 20), HAPPY)
    off = np.abs(part[:40, :40].astype(int) - moved[60:100, 60:100])
    assert off[2:, 2:].max() <= 1
    assert off.mean() < 1


def test_without_faces_it_is_a_plain_copy() -> None:
    picture = ground(60, 40)
    copy = lay_over(picture, [])
    np.testing.assert_array_equal(copy, picture)
    assert not np.shares_memory(copy, picture)


def test_the_picture_itself_stays_and_the_face_is_covered() -> None:
    picture, box = ground(300, 300), Box(110, 100, 80, 100)
    copy = lay_over(picture, [Face(Detection(box), HAPPY)])
    assert (picture == 128).all()
    changed = (copy != 128).any(axis=2)
    assert changed[110:190, 120:180].all()
    assert not changed[:, :50].any()
    assert not changed[:, 250:].any()


@pytest.mark.parametrize("degrees", [0, 30, -45, 90, 180])
def test_it_is_tilted_as_the_eyes_are(degrees: float) -> None:
    angle = math.radians(degrees)
    assert math.degrees(tilt(landmarks(angle))) == pytest.approx(degrees)
    picture = ground(300, 300)
    lay_meme(picture, Box(100, 100, 100, 100), HAPPY, landmarks(angle))
    # The tuft points away from the chin.
    off = np.abs(picture.astype(int) - rgb(Emotion.HAPPY.color)).max(axis=2) <= 3
    y, x = (axis.mean() - 150 for axis in np.nonzero(off))
    assert math.hypot(x, y) > 30
    assert math.degrees(math.atan2(x, -y) - angle + math.pi) % 360 == pytest.approx(180, abs=6)


def test_the_smaller_face_lies_over_the_larger() -> None:
    near, far = Face(Detection(Box(50, 50, 150, 150)), HAPPY), Face(Detection(Box(150, 150, 40, 40)), HAPPY)
    picture = ground(300, 300)
    np.testing.assert_array_equal(lay_over(picture, [near, far]), lay_over(picture, [far, near]))
    alone = lay_over(picture, [far])
    both = lay_over(picture, [far, near])
    np.testing.assert_array_equal(both[160:180, 160:180], alone[160:180, 160:180])
