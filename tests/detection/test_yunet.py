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
def test_a_picture_without_a_face_gives_none(yunet: YuNetDetector, shape: tuple[int, int, int], noisy: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert yunet.detect(noise if noisy else np.zeros(shape, np.uint8)) == []


def test_it_finds_the_astronauts_face_with_landmarks(yunet: YuNetDetector, astronaut_path: Path) -> None:
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


@pytest.mark.parametrize(("photo", "faces"), [("no-faces.jpg", 0), ("one-happy-face.jpg", 1), ("five-people.jpg", 5)])
def test_photographs(yunet: YuNetDetector, shared: Path, photo: str, faces: int) -> None:
    assert len(yunet.detect(read_image(shared / "photos" / photo))) == faces


def test_colors_are_taken_as_rgb(yunet: YuNetDetector, weights: Path, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    network = cv2.FaceDetectorYN.create(str(weights), "", (image.shape[1], image.shape[0]), 0.7, 0.3)
    _, rows = network.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    (face,) = yunet.detect(image)
    assert face.confidence == pytest.approx(float(rows[0][14]), abs=1e-6)
    np.testing.assert_allclose(np.array(face.landmarks).ravel(), rows[0][4:14], atol=1e-3)


@pytest.mark.parametrize("side", [100, 640, 1280, 3000])
def test_a_face_that_fills_the_picture_is_found_at_every_size(
    yunet: YuNetDetector, astronaut_path: Path, side: int
) -> None:
    portrait = read_image(astronaut_path)[45:185, 155:295]
    (face,) = yunet.detect(np.asarray(cv2.resize(portrait, (side, side)), np.uint8))
    scale = side / 140
    expected = Box(round(30 * scale), round(10 * scale), round(80 * scale), round(110 * scale))
    assert face.box.iou(expected) > 0.7
    assert face.landmarks is not None
    nose = face.landmarks[2]
    assert 50 * scale < nose[0] < 80 * scale
    assert 50 * scale < nose[1] < 90 * scale


def test_a_face_at_the_edge_has_its_box_inside(yunet: YuNetDetector, astronaut_path: Path) -> None:
    image = np.ascontiguousarray(read_image(astronaut_path)[80:300, 195:400])
    (face,) = yunet.detect(image)
    left, top, right, bottom = face.box.xyxy
    assert min(left, top) == 0
    assert right <= image.shape[1]
    assert bottom <= image.shape[0]


def test_threads_that_share_it_find_what_one_alone_finds(yunet: YuNetDetector, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    pictures = [np.ascontiguousarray(image[: 200 + 20 * k, 100 : 300 + 10 * k]) for k in range(12)]
    alone = [yunet.detect(picture) for picture in pictures]
    assert all(alone)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(yunet.detect, pictures)) == alone


def test_missing_and_wrong_weights_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="mememoji detector fetch yunet"):
        YuNetDetector(tmp_path / "yunet.onnx")
    (tmp_path / "yunet.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="is no YuNet"):
        YuNetDetector(tmp_path / "yunet.onnx")


def test_a_threshold_out_of_range_is_refused(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"lies in 0\.\.1, got 7"):
        YuNetDetector(weights, score_threshold=7)
