"""The Haar cascade on images."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from mememoji.detection.haar import HaarDetector, confidence_from_weight
from mememoji.errors import ModelError
from mememoji.image_io import read_image
from mememoji.results import Box


@pytest.fixture(scope="module")
def haar() -> HaarDetector:
    return HaarDetector()


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 400, 3), (200, 300, 3)])
def test_haar_on_an_image_without_a_face_returns_none(haar: HaarDetector, shape: tuple[int, int, int]) -> None:
    assert haar.detect(np.full(shape, 90, np.uint8)) == []


def test_haar_detects_the_astronaut(haar: HaarDetector, astronaut_path: Path) -> None:
    (face,) = haar.detect(read_image(astronaut_path))
    assert face.box.iou(Box(180, 65, 90, 100)) > 0.7
    assert face.confidence is not None
    assert face.confidence > 0.9
    assert face.landmarks is None


@pytest.mark.parametrize(
    ("name", "min_faces", "max_faces"),
    [("no-faces.jpg", 0, 0), ("one-happy-face.jpg", 1, 1), ("five-people.jpg", 4, 5)],
)
def test_haar_detects_the_faces_of_shared_images(
    haar: HaarDetector, shared: Path, name: str, min_faces: int, max_faces: int
) -> None:
    assert min_faces <= len(haar.detect(read_image(shared / "photos" / name))) <= max_faces


def test_haar_on_a_large_image_returns_boxes_in_its_pixels(haar: HaarDetector, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    large = np.asarray(cv2.resize(image, None, fx=4, fy=4), np.uint8)
    (face,) = haar.detect(large)
    assert face.box.iou(Box(720, 260, 360, 400)) > 0.7


def test_haar_does_not_modify_the_image(haar: HaarDetector, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    image.setflags(write=False)
    assert len(haar.detect(image)) == 1


def test_haar_shared_by_threads_returns_the_same_faces(haar: HaarDetector, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)[:220, 120:320]
    images = [np.ascontiguousarray(image[:, :: 1 - 2 * (k % 2)]) for k in range(16)]
    alone = [haar.detect(image) for image in images]
    assert alone[0] != alone[1]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(haar.detect, images)) == alone


def test_confidence_from_weight_increases_with_the_weight() -> None:
    confidences = [confidence_from_weight(weight) for weight in (-1e6, -2.0, 0.0, 2.0, 4.0, 8.0, 1e6)]
    assert confidences == sorted(confidences)
    assert confidences[0] >= 0
    assert confidences[-1] <= 1
    assert len(set(confidences)) == 7


def test_haar_with_unknown_cascade_raises_model_error() -> None:
    with pytest.raises(ModelError, match=r"has no haarcascade_dragon\.xml; install version 4"):
        HaarDetector(cascade="haarcascade_dragon.xml")
