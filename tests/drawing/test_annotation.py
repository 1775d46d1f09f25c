"""An image with its faces drawn on a copy."""

from itertools import product

import numpy as np
import pytest

from mememoji.drawing.annotation import annotate
from mememoji.drawing.canvas import rgb
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Analysis, Box, Composition, Detection, Face

HAPPY = Composition((0.02, 0.03, 0.8, 0.05, 0.04, 0.06))


def face(box: Box, composition: Composition = HAPPY, likeness: float | None = 0.9) -> Face:
    return Face(Detection(box), composition, likeness)


def analysis(width: int, height: int, *faces: Face) -> Analysis:
    return Analysis(width, height, faces, "fixed", "fixed")


def ground(width: int, height: int, level: int = 128) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), level, np.uint8)


def has_color(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], emotion: Emotion) -> bool:
    off = np.abs(image.astype(int) - rgb(emotion.color)).max(axis=2)
    return bool((off <= 2).sum() >= 3)


def test_without_faces_it_is_a_plain_copy() -> None:
    picture = ground(300, 200)
    copy = annotate(picture, analysis(300, 200))
    np.testing.assert_array_equal(copy, picture)
    assert copy is not picture
    assert not np.shares_memory(copy, picture)


def test_the_picture_itself_stays() -> None:
    picture = ground(300, 200)
    copy = annotate(picture, analysis(300, 200, face(Box(20, 20, 80, 80))))
    assert (picture == 128).all()
    assert copy.shape == picture.shape
    assert (copy != picture).any()


@pytest.mark.parametrize("top", EMOTIONS)
def test_a_box_has_the_top_emotions_color(top: Emotion) -> None:
    composition = Composition.of([1.0 if emotion is top else 0.0 for emotion in EMOTIONS])
    copy = annotate(ground(600, 400), analysis(600, 400, face(Box(50, 50, 120, 120), composition)))
    assert has_color(copy[48:60, 80:140], top)
    assert [emotion for emotion in EMOTIONS if has_color(copy, emotion)] == [top]


def test_the_panel_shows_every_emotion_beside_the_face() -> None:
    mixed = Composition.of([1 / 6] * 6)
    copy = annotate(ground(600, 400), analysis(600, 400, face(Box(50, 100, 120, 120), mixed)))
    assert all(has_color(copy[:, 180:], emotion) for emotion in EMOTIONS)
    # The face itself is not covered.
    assert (copy[110:210, 60:160] == 128).all()


def test_a_longer_bar_for_a_larger_share() -> None:
    def gold(share: float) -> int:
        composition = Composition.of([0, 0, share, 0, 0, 1 - share])
        copy = annotate(ground(600, 400), analysis(600, 400, face(Box(50, 100, 120, 120), composition)))
        return int((np.abs(copy[:, 180:].astype(int) - rgb(Emotion.HAPPY.color)).max(axis=2) <= 2).sum())

    assert gold(0.1) < gold(0.25) < gold(0.45)


def test_a_doubtful_crop_is_given_no_emotion() -> None:
    copy = annotate(ground(600, 400), analysis(600, 400, face(Box(50, 50, 120, 120), likeness=0.2)))
    assert not any(has_color(copy, emotion) for emotion in EMOTIONS)
    assert (copy != 128).any()


@pytest.mark.parametrize(
    ("width", "height", "factor"),
    [(1, 1, 320), (48, 48, 7), (30, 500, 8), (9000, 20, 1), (160, 120, 3), (640, 480, 1), (3000, 400, 1)],
)
@pytest.mark.parametrize("level", [0, 255])
def test_every_size_on_every_ground(width: int, height: int, factor: int, level: int) -> None:
    whole = face(Box(0, 0, width, height))
    copy = annotate(ground(width, height, level), analysis(width, height, whole))
    assert copy.shape == (factor * height, factor * width, 3)
    assert has_color(copy, Emotion.HAPPY)


def test_a_small_picture_can_keep_its_size() -> None:
    copy = annotate(ground(48, 48), analysis(48, 48, face(Box(0, 0, 48, 48))), keep_size=True)
    assert copy.shape == (48, 48, 3)
    assert has_color(copy, Emotion.HAPPY)


def test_many_faces_all_get_a_heading() -> None:
    boxes = [Box(20 + 90 * x, 20 + 90 * y, 50, 50) for x, y in product(range(10), range(6))]
    copy = annotate(ground(940, 580), analysis(940, 580, *(face(box) for box in boxes)))
    panels = (copy.max(axis=2) < 60).mean()
    assert 0.05 < panels < 0.6


def test_another_pictures_analysis_is_refused() -> None:
    with pytest.raises(ValueError, match="300x200, got one of 200x300"):
        annotate(ground(200, 300), analysis(300, 200))


@pytest.mark.parametrize("side", [60, 300])
def test_meme_faces_lie_over_clear_faces_only(side: int) -> None:
    box = Box(side // 3, side // 3, side // 3, side // 3)
    picture = ground(side, side)
    for likeness, laid in ((0.9, True), (0.2, False)):
        found = analysis(side, side, face(box, likeness=likeness))
        plain, with_meme = annotate(picture, found), annotate(picture, found, memes=True)
        middle = with_meme.shape[0] // 2
        assert (plain[middle, middle] == 128).all()
        assert (with_meme[middle, middle] != 128).any() == laid
    assert (picture == 128).all()


def test_boxes_and_bars_are_drawn_where_they_are_wanted() -> None:
    picture, found = ground(300, 200), analysis(300, 200, face(Box(20, 20, 80, 80)))
    np.testing.assert_array_equal(annotate(picture, found, boxes=False, bars=False), picture)
    box_alone = annotate(picture, found, bars=False)
    assert has_color(box_alone, Emotion.HAPPY)
    assert (box_alone[:, 110:] == 128).all()
    assert (annotate(picture, found, boxes=False)[40:80, 18:24] == 128).all()


def test_names_stand_in_the_panels() -> None:
    picture, found = ground(300, 200), analysis(300, 200, face(Box(20, 20, 80, 80)))
    named = annotate(picture, found, names=["7"])
    assert (named != annotate(picture, found)).any()
    with pytest.raises(ValueError, match="a name for each of 1 faces, got 2"):
        annotate(picture, found, names=["1", "2"])
