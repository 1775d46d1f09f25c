"""Alignment, cropping and normalization."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.classification.preprocess import (
    MIN_ROLL,
    crop_faces,
    crop_rgb_face,
    crop_square,
    normalize,
    resize_crop,
    to_gray,
)
from mememoji.landmarks import Landmarks
from mememoji.results import Box, Detection

Image = npt.NDArray[np.uint8]

UPRIGHT = ((40.0, 40.0), (60.0, 40.0), (50.0, 50.0), (43.0, 60.0), (57.0, 60.0))


def gradient(height: int, width: int) -> Image:
    """Gray that grows by one level with each pixel to the right and down."""
    return (np.arange(height)[:, None] + np.arange(width)).astype(np.uint8)


def landmarks(degrees: float) -> Landmarks:
    """Five landmarks with a roll angle."""
    angle = np.radians(degrees)
    rotation = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    return tuple((float(x), float(y)) for x, y in (np.array(UPRIGHT) - 50) @ rotation.T + 50)


def face(x: int, y: int, width: int, height: int, degrees: float | None = None) -> Detection:
    return Detection(Box(x, y, width, height), landmarks=None if degrees is None else landmarks(degrees))


def test_crop_faces_without_faces_is_empty() -> None:
    assert crop_faces(gradient(60, 80), [], margin=0.1).shape == (0, 48, 48)


def test_crop_faces_of_a_48x48_image_returns_it_unchanged() -> None:
    image = gradient(48, 48)
    np.testing.assert_array_equal(crop_faces(image, [face(0, 0, 48, 48)], margin=0.0)[0], image)


def test_crop_faces_of_color_and_gray_is_equal() -> None:
    gray = gradient(100, 120)
    faces = [face(10, 20, 30, 40), face(60, 50, 50, 50), face(10, 20, 60, 70, 40.0)]
    color = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(crop_faces(color, faces, margin=0.2), crop_faces(gray, faces, margin=0.2))


def test_to_gray_weights_channels_by_bt601() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(to_gray(primaries)[0], [76, 150, 29, 255], atol=1)


def test_margin_is_added_on_each_side() -> None:
    image = gradient(100, 100)
    plain = crop_faces(image, [face(26, 26, 48, 48)], margin=0.0)[0]
    np.testing.assert_array_equal(plain, image[26:74, 26:74])
    wide = crop_faces(image, [face(38, 38, 24, 24)], margin=0.5)[0]
    np.testing.assert_array_equal(wide, image[26:74, 26:74])


@pytest.mark.parametrize("size", [60, 300])
@pytest.mark.parametrize("degrees", [30.0, -45.0, 90.0])
def test_rolled_face_is_rotated_upright(degrees: float, size: int) -> None:
    length = 3 * size
    upright = np.full((length, length), 120, np.uint8)
    upright[length // 2 - size // 4 : length // 2, size : 2 * size] = 250
    matrix = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), -degrees, 1.0)
    rolled = np.asarray(cv2.warpAffine(upright, matrix, (length, length), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    faces = [face(size, size, size, size, degrees)]
    expected = crop_faces(upright, [face(size, size, size, size)], margin=0.1)[0].astype(int)
    aligned = crop_faces(rolled, faces, margin=0.1)[0].astype(int)
    assert np.abs(aligned - expected).mean() < 6
    not_aligned = crop_faces(rolled, faces, margin=0.1, align=False)[0].astype(int)
    assert np.abs(not_aligned - expected).mean() > 15


def test_roll_below_the_minimum_is_not_rotated() -> None:
    image = gradient(100, 120)
    boxes = [(10, 20, 30, 40), (60, 50, 50, 50)]
    plain = crop_faces(image, [face(*box) for box in boxes], margin=0.0)
    rolled = [face(*box, degrees) for box, degrees in zip(boxes, (0.0, MIN_ROLL - 1), strict=True)]
    np.testing.assert_array_equal(crop_faces(image, rolled, margin=0.0), plain)
    assert (crop_faces(image, rolled, margin=0.0, min_roll=MIN_ROLL - 2) != plain).any()


def test_oblong_box_becomes_a_square_around_its_center() -> None:
    image = gradient(100, 100)
    crop = crop_faces(image, [face(38, 26, 24, 48)], margin=0.0)[0]
    np.testing.assert_array_equal(crop, image[26:74, 26:74])


def test_pixels_outside_the_image_repeat_its_edge() -> None:
    image = gradient(48, 48)
    crop = crop_faces(image, [face(0, 0, 24, 24)], margin=0.5)[0]
    np.testing.assert_array_equal(crop[12:, 12:], image[:36, :36])
    assert (crop[:12, :12] == image[0, 0]).all()
    np.testing.assert_array_equal(crop[5, 12:], image[0, :36])


@settings(max_examples=50)
@given(st.data())
def test_any_box_of_a_uniform_image_gives_a_uniform_crop(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    degrees = data.draw(st.sampled_from([None, 0.0, 35.0, -120.0]))
    found = face(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)), degrees)
    image = np.full((height, width, 3), 77, np.uint8)
    margin = data.draw(st.floats(0, 2))
    crops = crop_faces(image, [found], margin=margin)
    assert crops.shape == (1, 48, 48)
    assert (crops == 77).all()
    color = crop_rgb_face(image, found, margin=margin, max_size=20)
    assert color.shape == (len(color), len(color), 3)
    assert 1 <= len(color) <= 20
    assert (color == 77).all()


@pytest.mark.parametrize("found", [face(60, 40, 50, 60), face(2, 3, 60, 50), face(100, 60, 20, 20)])
def test_crop_rgb_face_shows_the_classifiers_crop_in_color(found: Detection) -> None:
    image = np.random.default_rng(2).integers(0, 256, (100, 120, 3), np.uint8)
    color = crop_rgb_face(image, found, margin=0.1)
    np.testing.assert_array_equal(color, crop_square(image, found.box, margin=0.1))
    np.testing.assert_array_equal(resize_crop(to_gray(color)), crop_faces(image, [found], margin=0.1)[0])


@pytest.mark.parametrize(("max_size", "expected"), [(None, 60), (100, 60), (60, 60), (32, 32)])
@pytest.mark.parametrize("degrees", [0.0, 35.0])
def test_crop_rgb_face_is_not_larger_than_max_size(max_size: int | None, expected: int, degrees: float) -> None:
    image = np.zeros((100, 120, 3), np.uint8)
    color = crop_rgb_face(image, face(30, 20, 50, 40, degrees), margin=0.1, max_size=max_size)
    assert color.shape == (expected, expected, 3)


@pytest.mark.parametrize("size", [1, 12, 47, 48, 49, 300])
def test_resize_crop_keeps_the_mean(size: int) -> None:
    image = np.random.default_rng(size).integers(100, 140, (size, size), np.uint8)
    assert resize_crop(image).shape == (48, 48)
    assert abs(float(resize_crop(image).mean()) - float(image.mean())) < 4


def test_normalize_is_equal_for_numpy_and_torch() -> None:
    torch = pytest.importorskip("torch")
    crops = np.arange(256, dtype=np.float32).reshape(1, 1, 16, 16)
    served = normalize(crops, mean=120.0, std=60.0)
    trained = normalize(torch.from_numpy(crops), mean=120.0, std=60.0)
    np.testing.assert_array_equal(served, trained.numpy())
    assert served.dtype == np.float32
