"""Annotation of images."""

from itertools import product

import numpy as np
import pytest

from mememoji.drawing.annotation import annotate
from mememoji.drawing.canvas import hex_to_rgb
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Analysis, Box, Composition, Detection, Face

HAPPY = Composition((0.02, 0.03, 0.8, 0.05, 0.04, 0.06))


def face(box: Box, composition: Composition = HAPPY, score: float | None = 0.9) -> Face:
    return Face(Detection(box), composition, score)


def analysis(width: int, height: int, *faces: Face) -> Analysis:
    return Analysis(width, height, faces, "fake", "fake")


def make_image(width: int, height: int, level: int = 128) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), level, np.uint8)


def has_color(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], emotion: Emotion) -> bool:
    off = np.abs(image.astype(int) - hex_to_rgb(emotion.color)).max(axis=2)
    return bool((off <= 2).sum() >= 3)


def test_annotate_without_faces_returns_a_copy() -> None:
    image = make_image(300, 200)
    copy = annotate(image, analysis(300, 200))
    np.testing.assert_array_equal(copy, image)
    assert copy is not image
    assert not np.shares_memory(copy, image)


def test_annotate_does_not_change_its_input() -> None:
    image = make_image(300, 200)
    copy = annotate(image, analysis(300, 200, face(Box(20, 20, 80, 80))))
    assert (image == 128).all()
    assert copy.shape == image.shape
    assert (copy != image).any()


@pytest.mark.parametrize("top", EMOTIONS)
def test_annotate_box_has_the_color_of_the_top_emotion(top: Emotion) -> None:
    composition = Composition.from_fractions([1.0 if emotion is top else 0.0 for emotion in EMOTIONS])
    copy = annotate(make_image(600, 400), analysis(600, 400, face(Box(50, 50, 120, 120), composition)))
    assert has_color(copy[48:60, 80:140], top)
    assert [emotion for emotion in EMOTIONS if has_color(copy, emotion)] == [top]


def test_annotate_panel_shows_every_emotion_beside_the_face() -> None:
    mixed = Composition.from_fractions([1 / 6] * 6)
    copy = annotate(make_image(600, 400), analysis(600, 400, face(Box(50, 100, 120, 120), mixed)))
    assert all(has_color(copy[:, 180:], emotion) for emotion in EMOTIONS)
    # The face itself is not covered.
    assert (copy[110:210, 60:160] == 128).all()


def test_annotate_bar_is_longer_for_a_larger_fraction() -> None:
    def count_gold_pixels(fraction: float) -> int:
        composition = Composition.from_fractions([0, 0, fraction, 0, 0, 1 - fraction])
        copy = annotate(make_image(600, 400), analysis(600, 400, face(Box(50, 100, 120, 120), composition)))
        return int((np.abs(copy[:, 180:].astype(int) - hex_to_rgb(Emotion.HAPPY.color)).max(axis=2) <= 2).sum())

    assert count_gold_pixels(0.1) < count_gold_pixels(0.25) < count_gold_pixels(0.45)


def test_annotate_non_face_shows_no_emotion() -> None:
    copy = annotate(make_image(600, 400), analysis(600, 400, face(Box(50, 50, 120, 120), score=0.2)))
    assert not any(has_color(copy, emotion) for emotion in EMOTIONS)
    assert (copy != 128).any()


@pytest.mark.parametrize(
    ("width", "height", "factor"),
    [(1, 1, 320), (48, 48, 7), (30, 500, 8), (9000, 20, 1), (160, 120, 3), (640, 480, 1), (3000, 400, 1)],
)
@pytest.mark.parametrize("level", [0, 255])
def test_every_size_on_every_make_image(width: int, height: int, factor: int, level: int) -> None:
    whole = face(Box(0, 0, width, height))
    copy = annotate(make_image(width, height, level), analysis(width, height, whole))
    assert copy.shape == (factor * height, factor * width, 3)
    assert has_color(copy, Emotion.HAPPY)


def test_annotate_keep_size_does_not_enlarge() -> None:
    copy = annotate(make_image(48, 48), analysis(48, 48, face(Box(0, 0, 48, 48))), keep_size=True)
    assert copy.shape == (48, 48, 3)
    assert has_color(copy, Emotion.HAPPY)


def test_annotate_many_faces_all_have_a_heading() -> None:
    boxes = [Box(20 + 90 * x, 20 + 90 * y, 50, 50) for x, y in product(range(10), range(6))]
    copy = annotate(make_image(940, 580), analysis(940, 580, *(face(box) for box in boxes)))
    panels = (copy.max(axis=2) < 60).mean()
    assert 0.05 < panels < 0.6


def test_annotate_analysis_of_another_size_is_rejected() -> None:
    with pytest.raises(ValueError, match="300x200 as in the analysis, got 200x300"):
        annotate(make_image(200, 300), analysis(300, 200))


@pytest.mark.parametrize("side", [60, 300])
def test_annotate_memes_are_drawn_over_faces_only(side: int) -> None:
    box = Box(side // 3, side // 3, side // 3, side // 3)
    image = make_image(side, side)
    for score, is_drawn in ((0.9, True), (0.2, False)):
        found = analysis(side, side, face(box, score=score))
        plain, with_meme = annotate(image, found), annotate(image, found, memes=True)
        center = with_meme.shape[0] // 2
        assert (plain[center, center] == 128).all()
        assert (with_meme[center, center] != 128).any() == is_drawn
    assert (image == 128).all()


@pytest.mark.parametrize(
    "boxes",
    [
        [Box(100, 100, 120, 120)],
        [Box(0, 0, 90, 110), Box(300, 20, 140, 180)],
        [Box(80, 60, 320, 320)],
        [Box(20 + 110 * x, 30 + 130 * y, 70, 80) for x, y in product(range(4), range(3))],
    ],
)
def test_annotate_draws_nothing_across_meme_faces(boxes: list[Box]) -> None:
    image, found = make_image(480, 400), analysis(480, 400, *(face(box) for box in boxes))
    plain = annotate(image, found, boxes=False, bars=False, memes=True)
    is_meme = (plain != image).any(axis=2)
    is_changed = (annotate(image, found, memes=True) != plain).any(axis=2)
    assert is_changed.any() == (len(boxes) < 3)
    assert not is_changed[is_meme].any()


def test_annotate_boxes_and_bars_can_be_turned_off() -> None:
    image, found = make_image(300, 200), analysis(300, 200, face(Box(20, 20, 80, 80)))
    np.testing.assert_array_equal(annotate(image, found, boxes=False, bars=False), image)
    box_alone = annotate(image, found, bars=False)
    assert has_color(box_alone, Emotion.HAPPY)
    assert (box_alone[:, 110:] == 128).all()
    assert (annotate(image, found, boxes=False)[40:80, 18:24] == 128).all()


def test_annotate_names_are_drawn_in_the_panels() -> None:
    image, found = make_image(300, 200), analysis(300, 200, face(Box(20, 20, 80, 80)))
    named = annotate(image, found, names=["7"])
    assert (named != annotate(image, found)).any()
    with pytest.raises(ValueError, match="one name per face, 1, got 2"):
        annotate(image, found, names=["1", "2"])
