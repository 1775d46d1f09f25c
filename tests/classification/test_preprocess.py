"""From an image and its boxes to what the network takes."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.classification.preprocess import LEAST_TILT, crop_faces, normalize, resize_crop, to_gray
from mememoji.results import Box

Picture = npt.NDArray[np.uint8]


def gradient(height: int, width: int) -> Picture:
    """Gray that grows by one level with each pixel to the right and down."""
    return (np.arange(height)[:, None] + np.arange(width)).astype(np.uint8)


def test_no_boxes_give_no_crops() -> None:
    assert crop_faces(gradient(60, 80), [], margin=0.1).shape == (0, 48, 48)


def test_a_48x48_picture_is_its_own_crop() -> None:
    picture = gradient(48, 48)
    np.testing.assert_array_equal(crop_faces(picture, [Box(0, 0, 48, 48)], margin=0.0)[0], picture)


def test_color_and_gray_give_the_same_crop() -> None:
    gray = gradient(100, 120)
    boxes = [Box(10, 20, 30, 40), Box(60, 50, 50, 50)]
    color = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(crop_faces(color, boxes, margin=0.2), crop_faces(gray, boxes, margin=0.2))


def test_luma_has_the_weights_of_bt601() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(to_gray(primaries)[0], [76, 150, 29, 255], atol=1)


def test_the_margin_is_added_on_each_side() -> None:
    picture = gradient(100, 100)
    plain = crop_faces(picture, [Box(26, 26, 48, 48)], margin=0.0)[0]
    np.testing.assert_array_equal(plain, picture[26:74, 26:74])
    wide = crop_faces(picture, [Box(38, 38, 24, 24)], margin=0.5)[0]
    np.testing.assert_array_equal(wide, picture[26:74, 26:74])


UPRIGHT = ((40.0, 40.0), (60.0, 40.0), (50.0, 50.0), (43.0, 60.0), (57.0, 60.0))


def leaning(degrees: float) -> tuple[tuple[float, float], ...]:
    angle = np.radians(degrees)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    return tuple((float(x), float(y)) for x, y in (np.array(UPRIGHT) - 50) @ turn.T + 50)


@pytest.mark.parametrize("side", [60, 300])
@pytest.mark.parametrize("degrees", [30.0, -45.0, 90.0])
def test_a_leaning_crop_is_turned_upright(degrees: float, side: int) -> None:
    size = 3 * side
    upright = np.full((size, size), 120, np.uint8)
    upright[size // 2 - side // 4 : size // 2, side : 2 * side] = 250
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), -degrees, 1.0)
    turned = np.asarray(cv2.warpAffine(upright, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    box = Box(side, side, side, side)
    expected = crop_faces(upright, [box], margin=0.1)[0].astype(int)
    found = crop_faces(turned, [box], margin=0.1, tilts=[degrees])[0].astype(int)
    assert np.abs(found - expected).mean() < 6
    as_it_lies = crop_faces(turned, [box], margin=0.1)[0].astype(int)
    assert np.abs(as_it_lies - expected).mean() > 15


def test_what_hardly_leans_is_left_as_it_is() -> None:
    picture = gradient(100, 120)
    boxes = [Box(10, 20, 30, 40), Box(60, 50, 50, 50)]
    plain = crop_faces(picture, boxes, margin=0.0)
    np.testing.assert_array_equal(crop_faces(picture, boxes, margin=0.0, tilts=[0.0, LEAST_TILT - 1]), plain)


def test_an_oblong_box_becomes_a_square_around_its_middle() -> None:
    picture = gradient(100, 100)
    crop = crop_faces(picture, [Box(38, 26, 24, 48)], margin=0.0)[0]
    np.testing.assert_array_equal(crop, picture[26:74, 26:74])


def test_beyond_the_picture_its_edge_is_repeated() -> None:
    picture = gradient(48, 48)
    crop = crop_faces(picture, [Box(0, 0, 24, 24)], margin=0.5)[0]
    np.testing.assert_array_equal(crop[12:, 12:], picture[:36, :36])
    assert (crop[:12, :12] == picture[0, 0]).all()
    np.testing.assert_array_equal(crop[5, 12:], picture[0, :36])


@settings(max_examples=50)
@given(st.data())
def test_every_box_gives_a_crop_of_the_pictures_levels(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    picture = np.full((height, width, 3), 77, np.uint8)
    crop = crop_faces(picture, [box], margin=data.draw(st.floats(0, 2)))
    assert crop.shape == (1, 48, 48)
    assert (crop == 77).all()


@pytest.mark.parametrize("side", [1, 12, 47, 48, 49, 300])
def test_resizing_keeps_the_mean(side: int) -> None:
    picture = np.random.default_rng(side).integers(100, 140, (side, side), np.uint8)
    assert resize_crop(picture).shape == (48, 48)
    assert abs(float(resize_crop(picture).mean()) - float(picture.mean())) < 4


def test_serving_and_training_normalize_alike() -> None:
    torch = pytest.importorskip("torch")
    crops = np.arange(256, dtype=np.float32).reshape(1, 1, 16, 16)
    served = normalize(crops, mean=120.0, std=60.0)
    trained = normalize(torch.from_numpy(crops), mean=120.0, std=60.0)
    np.testing.assert_array_equal(served, trained.numpy())
    assert served.dtype == np.float32
