"""Crops of faces and non-faces."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mememoji.datasets.detection_images import DetectionSample
from mememoji.datasets.negatives import (
    NUM_BACKGROUND_CROPS,
    LabeledCrops,
    extract_crops,
    make_low_threshold_detectors,
    read_crops,
    write_crops,
)
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import DatasetError


def sample(image: bytes, faces: list[list[float]]) -> DetectionSample:
    boxes = np.array(faces, np.float32).reshape(-1, 4)
    landmarks = np.full((len(boxes), 5, 2), np.nan, np.float32)
    return DetectionSample("somewhere:1", "somewhere", image, boxes, landmarks, np.zeros((0, 4), np.float32), ())


def encoded(image: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def test_extract_crops_takes_detections_without_a_labeled_face_as_false_positives(astronaut_path: Path) -> None:
    image = np.asarray(cv2.imread(str(astronaut_path)), np.uint8)
    detectors = make_low_threshold_detectors()
    unlabeled, labeled = (
        dict(extract_crops([sample(encoded(image), faces)], detectors, np.random.default_rng(0)))
        for faces in ([], [[0.0, 0.0, 512.0, 512.0]])
    )
    assert set(unlabeled) == {"faces", "background", *(detector.name for detector in detectors)}
    assert unlabeled["background"].shape == (NUM_BACKGROUND_CROPS, 48, 48)
    for detector in detectors:
        assert 1 <= len(unlabeled[detector.name]) <= 2
        assert len(labeled[detector.name]) == 0
    assert len(labeled["background"]) == 0
    assert [len(found["faces"]) for found in (unlabeled, labeled)] == [0, 1]


def test_extract_crops_with_a_seed_returns_the_same_background() -> None:
    rng = np.random.default_rng(1)
    for size in ((40, 300), (31, 31), (200, 33)):
        one = sample(encoded(rng.integers(0, 256, (*size, 3), dtype=np.uint8)), [])
        first, again = (dict(extract_crops([one], [], np.random.default_rng(7)))["background"] for _ in range(2))
        np.testing.assert_array_equal(first, again)
        assert len(first) == (0 if min(size) < 32 else NUM_BACKGROUND_CROPS)


def test_crops_that_were_written_are_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    crops = LabeledCrops(rng.integers(0, 256, (5, 48, 48), dtype=np.uint8), np.array([True, False, False, True, False]))
    write_crops(crops, tmp_path / "crops.parquet")
    again = read_crops(tmp_path / "crops.parquet")
    np.testing.assert_array_equal(again.images, crops.images)
    np.testing.assert_array_equal(again.is_face, crops.is_face)


def test_labeled_crops_of_one_class_raise_dataset_error(pattern_split: Split, tmp_path: Path) -> None:
    images = pattern_split.images[:3]
    for is_face in (np.ones(3, bool), np.zeros(3, bool)):
        with pytest.raises(DatasetError, match="both faces and non-faces"):
            LabeledCrops(images, is_face)
    with pytest.raises(DatasetError, match="one label for each"):
        LabeledCrops(images, np.array([True, False]))
    write_split(Split(pattern_split.rows, pattern_split.images, pattern_split.labels, None), tmp_path / "bare.parquet")
    with pytest.raises(DatasetError, match="must contain votes"):
        read_crops(tmp_path / "bare.parquet")
    with pytest.raises(DatasetError, match="must be a split file"):
        read_crops(tmp_path / "missing")
