"""YuNet on images, with a weights file as a user would have downloaded it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from mememoji.detection.yunet import YuNetDetector
from mememoji.errors import ModelError
from mememoji.image_io import read_image
from mememoji.results import Box


@pytest.fixture(scope="module")
def weights(shared: Path) -> Path:
    path = shared / "models" / "face_detection_yunet_2023mar.onnx"
    if not path.is_file():
        pytest.skip(f"no weights of YuNet at {path}")
    return path


@pytest.fixture(scope="module")
def yunet(weights: Path) -> YuNetDetector:
    return YuNetDetector(weights)


@pytest.mark.parametrize("shape", [(1, 1, 3), (30, 2000, 3), (20, 300, 3), (300, 20, 3), (200, 300, 3)])
@pytest.mark.parametrize("noisy", [False, True])
def test_yunet_on_an_image_without_a_face_returns_none(
    yunet: YuNetDetector, shape: tuple[int, int, int], noisy: bool
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert yunet.detect(noise if noisy else np.zeros(shape, np.uint8)) == []


def test_yunet_detects_the_astronaut_with_landmarks(yunet: YuNetDetector, astronaut_path: Path) -> None:
    (face,) = yunet.detect(read_image(astronaut_path))
    assert face.box.iou(Box(185, 55, 80, 110)) > 0.7
    assert face.confidence is not None
    assert face.confidence > 0.9
    assert face.landmarks is not None
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    left, top, right, bottom = face.box.xyxy
    assert all(left < x < right and top < y < bottom for x, y in face.landmarks)


@pytest.mark.parametrize(("name", "faces"), [("no-faces.jpg", 0), ("one-happy-face.jpg", 1), ("five-people.jpg", 5)])
def test_yunet_detects_the_faces_of_shared_images(yunet: YuNetDetector, shared: Path, name: str, faces: int) -> None:
    assert len(yunet.detect(read_image(shared / "photos" / name))) == faces


def test_yunet_takes_rgb_images(yunet: YuNetDetector, weights: Path, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    network = cv2.FaceDetectorYN.create(str(weights), "", (image.shape[1], image.shape[0]), 0.7, 0.3)
    _, rows = network.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    (face,) = yunet.detect(image)
    assert face.confidence == pytest.approx(float(rows[0][14]), abs=1e-6)
    np.testing.assert_allclose(np.array(face.landmarks).ravel(), rows[0][4:14], atol=1e-3)


@pytest.mark.parametrize("size", [100, 640, 1280, 3000])
def test_yunet_detects_a_face_that_fills_the_image_at_every_size(
    yunet: YuNetDetector, astronaut_path: Path, size: int
) -> None:
    portrait = read_image(astronaut_path)[45:185, 155:295]
    (face,) = yunet.detect(np.asarray(cv2.resize(portrait, (size, size)), np.uint8))
    scale = size / 140
    expected = Box(round(30 * scale), round(10 * scale), round(80 * scale), round(110 * scale))
    assert face.box.iou(expected) > 0.7
    assert face.landmarks is not None
    nose = face.landmarks[2]
    assert 50 * scale < nose[0] < 80 * scale
    assert 50 * scale < nose[1] < 90 * scale


def test_yunet_clips_boxes_at_the_image_edge(yunet: YuNetDetector, astronaut_path: Path) -> None:
    image = np.ascontiguousarray(read_image(astronaut_path)[80:300, 195:400])
    (face,) = yunet.detect(image)
    left, top, right, bottom = face.box.xyxy
    assert min(left, top) == 0
    assert right <= image.shape[1]
    assert bottom <= image.shape[0]


def test_yunet_shared_by_threads_returns_the_same_faces(yunet: YuNetDetector, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    images = [np.ascontiguousarray(image[: 200 + 20 * k, 100 : 300 + 10 * k]) for k in range(12)]
    alone = [yunet.detect(image) for image in images]
    assert all(alone)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(yunet.detect, images)) == alone


def test_yunet_with_missing_or_invalid_weights_raises_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="mememoji detector download yunet"):
        YuNetDetector(tmp_path / "yunet.onnx")
    (tmp_path / "yunet.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="must be a YuNet"):
        YuNetDetector(tmp_path / "yunet.onnx")


def test_yunet_with_threshold_out_of_range_raises_value_error(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"must be in 0\.\.1, got 7"):
        YuNetDetector(weights, score_threshold=7)
