"""Crops of images: which are faces, and which show none."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mememoji.datasets.detection_images import Photograph
from mememoji.datasets.negatives import BACKGROUNDS, Crops, cut, eager_detectors, read_crops, write_crops
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import DatasetError


def photograph(image: bytes, faces: list[list[float]]) -> Photograph:
    boxes = np.array(faces, np.float32).reshape(-1, 4)
    landmarks = np.full((len(boxes), 5, 2), np.nan, np.float32)
    return Photograph("somewhere:1", "somewhere", image, boxes, landmarks, np.zeros((0, 4), np.float32), ())


def encoded(image: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def test_what_a_detector_sees_is_a_false_alarm_unless_a_face_is_labelled_there(astronaut_path: Path) -> None:
    image = np.asarray(cv2.imread(str(astronaut_path)), np.uint8)
    detectors = eager_detectors()
    unlabelled, labelled = (
        dict(cut([photograph(encoded(image), faces)], detectors, np.random.default_rng(0)))
        for faces in ([], [[0.0, 0.0, 512.0, 512.0]])
    )
    assert set(unlabelled) == {"faces", "background", *(detector.name for detector in detectors)}
    assert unlabelled["background"].shape == (BACKGROUNDS, 48, 48)
    for detector in detectors:
        assert 1 <= len(unlabelled[detector.name]) <= 2
        assert len(labelled[detector.name]) == 0
    assert len(labelled["background"]) == 0
    assert [len(found["faces"]) for found in (unlabelled, labelled)] == [0, 1]


def test_a_seed_cuts_the_same_background_of_any_picture() -> None:
    rng = np.random.default_rng(1)
    for size in ((40, 300), (31, 31), (200, 33)):
        one = photograph(encoded(rng.integers(0, 256, (*size, 3), dtype=np.uint8)), [])
        first, again = (dict(cut([one], [], np.random.default_rng(7)))["background"] for _ in range(2))
        np.testing.assert_array_equal(first, again)
        assert len(first) == (0 if min(size) < 32 else BACKGROUNDS)


def test_crops_come_back_from_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    crops = Crops(rng.integers(0, 256, (5, 48, 48), dtype=np.uint8), np.array([True, False, False, True, False]))
    write_crops(crops, tmp_path / "crops.parquet")
    again = read_crops(tmp_path / "crops.parquet")
    np.testing.assert_array_equal(again.images, crops.images)
    np.testing.assert_array_equal(again.are_faces, crops.are_faces)


def test_crops_of_one_kind_teach_nothing(pattern_split: Split, tmp_path: Path) -> None:
    images = pattern_split.images[:3]
    for are_faces in (np.ones(3, bool), np.zeros(3, bool)):
        with pytest.raises(DatasetError, match="both kinds"):
            Crops(images, are_faces)
    with pytest.raises(DatasetError, match="one answer for each"):
        Crops(images, np.array([True, False]))
    write_split(Split(pattern_split.rows, pattern_split.images, pattern_split.labels, None), tmp_path / "bare.parquet")
    with pytest.raises(DatasetError, match="holds no votes"):
        read_crops(tmp_path / "bare.parquet")
    with pytest.raises(DatasetError, match="no split file"):
        read_crops(tmp_path / "missing")
