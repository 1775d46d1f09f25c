"""The meme face as pixels, and drawn over the faces of an image."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.drawing.canvas import hex_to_rgb
from mememoji.drawing.memes import meme_image, overlay_meme, overlay_memes
from mememoji.drawing.memes.meme_overlay import roll_from_eyes
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.landmarks import Landmarks
from mememoji.results import Box, Detection, Face
from tests.drawing.memes.compositions import compositions, pure

HAPPY = pure(Emotion.HAPPY)


def make_image(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), 128, np.uint8)


def landmarks(angle: float, x: float = 150, y: float = 150) -> Landmarks:
    """The five landmarks of a face that is rotated clockwise by `angle` about (x, y)."""
    points = [(-20, -15), (20, -15), (0, 0), (-15, 20), (15, 20)]
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple((x + cos * px - sin * py, y + sin * px + cos * py) for px, py in points)


@pytest.mark.parametrize("size", [1, 2, 16, 48, 200, 401, 1400])
def test_every_size_has_an_opaque_face_on_a_transparent_make_image(size: int) -> None:
    image = meme_image(HAPPY, size)
    assert image.shape == (size, size, 4)
    assert image.dtype == np.uint8
    if size >= 48:
        assert image[size // 2, size // 2, 3] == 255
        assert not image[0, :, 3].any()
        assert not image[:, [0, -1], 3].any()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_meme_image_tuft_has_the_color_of_the_emotion(emotion: Emotion) -> None:
    image = meme_image(pure(emotion), 200)
    off = np.abs(image[..., :3].astype(int) - hex_to_rgb(emotion.color)).max(axis=2)
    assert (off <= 1).sum() > 150


def test_meme_image_has_a_light_rim_and_a_dark_outline() -> None:
    row = meme_image(pure(Emotion.NEUTRAL), 400)[250]
    opaque = row[row[:, 3] == 255, :3]
    assert (opaque[1] > 240).all()
    first_dark = int(np.flatnonzero((opaque < 70).all(axis=1))[0])
    assert first_dark < 20


@pytest.mark.parametrize(("one", "other"), list(combinations(EMOTIONS, 2)))
@pytest.mark.parametrize("size", [48, 200])
def test_meme_image_pure_emotions_are_distinct(one: Emotion, other: Emotion, size: int) -> None:
    first, second = (meme_image(pure(emotion), size).astype(int) for emotion in (one, other))
    assert (np.abs(first - second).max(axis=2) > 60).mean() > 0.06


@given(compositions)
@settings(max_examples=15)
def test_meme_image_any_composition_is_drawn(composition: dict[Emotion, float]) -> None:
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
def test_overlay_meme_is_cropped_at_the_edges(
    composition: dict[Emotion, float], x: int, y: int, width: int, height: int, angle: float | None
) -> None:
    # The image is a view of a larger array, in which any write outside the image would be visible.
    whole = np.full((90 + 40, 120 + 40, 3), 77, np.uint8)
    frame = whole[20:-20, 20:-20]
    overlay_meme(frame, Box(x, y, width, height), composition, None if angle is None else landmarks(angle))
    around = np.ones(whole.shape[:2], bool)
    around[20:-20, 20:-20] = False
    assert (whole[around] == 77).all()


def test_overlay_meme_cropped_face_is_unchanged_inside() -> None:
    cropped = make_image(210, 220)
    overlay_meme(cropped, Box(0, 0, 20, 20), HAPPY)
    complete = make_image(210, 220)
    overlay_meme(complete, Box(60, 60, 20, 20), HAPPY)
    off = np.abs(cropped[:40, :40].astype(int) - complete[60:100, 60:100])
    assert off[2:, 2:].max() <= 1
    assert off.mean() < 1


def test_overlay_memes_without_faces_returns_a_copy() -> None:
    image = make_image(60, 40)
    copy = overlay_memes(image, [])
    np.testing.assert_array_equal(copy, image)
    assert not np.shares_memory(copy, image)


def test_overlay_memes_covers_the_face_on_a_copy() -> None:
    image, box = make_image(300, 300), Box(110, 100, 80, 100)
    copy = overlay_memes(image, [Face(Detection(box), HAPPY)])
    assert (image == 128).all()
    changed = (copy != 128).any(axis=2)
    assert changed[110:190, 120:180].all()
    assert not changed[:, :50].any()
    assert not changed[:, 250:].any()


@pytest.mark.parametrize("degrees", [0, 30, -45, 90, 180])
def test_overlay_meme_is_rolled_like_the_eyes(degrees: float) -> None:
    angle = math.radians(degrees)
    assert math.degrees(roll_from_eyes(landmarks(angle))) == pytest.approx(degrees)
    image = make_image(300, 300)
    overlay_meme(image, Box(100, 100, 100, 100), HAPPY, landmarks(angle))
    # The tuft points away from the chin.
    off = np.abs(image.astype(int) - hex_to_rgb(Emotion.HAPPY.color)).max(axis=2) <= 3
    y, x = (axis.mean() - 150 for axis in np.nonzero(off))
    assert math.hypot(x, y) > 30
    assert math.degrees(math.atan2(x, -y) - angle + math.pi) % 360 == pytest.approx(180, abs=6)


def test_overlay_memes_smaller_face_is_drawn_over_larger() -> None:
    near, far = Face(Detection(Box(50, 50, 150, 150)), HAPPY), Face(Detection(Box(150, 150, 40, 40)), HAPPY)
    image = make_image(300, 300)
    np.testing.assert_array_equal(overlay_memes(image, [near, far]), overlay_memes(image, [far, near]))
    alone = overlay_memes(image, [far])
    both = overlay_memes(image, [far, near])
    np.testing.assert_array_equal(both[160:180, 160:180], alone[160:180, 160:180])
