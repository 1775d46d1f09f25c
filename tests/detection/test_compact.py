"""The package's own detector with the shipped weights."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest

from mememoji.detection.compact import CompactDetector, find_shipped_weights
from mememoji.errors import ModelError
from mememoji.image_io import read_image
from mememoji.model_files import card_path
from mememoji.results import Box

GOLDEN = Path(__file__).with_name("golden.npz")


@pytest.fixture(scope="module")
def compact() -> CompactDetector:
    return CompactDetector()


@pytest.fixture(scope="module")
def golden() -> Any:
    return np.load(GOLDEN)


@pytest.mark.parametrize("shape", [(1, 1, 3), (30, 2000, 3), (3, 300, 3), (300, 20, 3), (200, 300, 3), (640, 480, 3)])
@pytest.mark.parametrize("noisy", [False, True])
def test_compact_on_an_image_without_a_face_returns_none(
    compact: CompactDetector, shape: tuple[int, int, int], noisy: bool
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert compact.detect(noise if noisy else np.zeros(shape, np.uint8)) == []


def test_golden_file_matches_the_shipped_weights(compact: CompactDetector, golden: Any) -> None:
    assert compact.card.sha256 == str(golden["sha256"]), "other weights ship: run tests/detection/write_golden.py"
    assert find_shipped_weights().stat().st_size <= 400_000
    assert compact.card.num_parameters <= 150_000


def test_network_outputs_match_the_golden_file(golden: Any) -> None:
    session = onnxruntime.InferenceSession(find_shipped_weights(), providers=["CPUExecutionProvider"])
    (outputs,) = session.run(["outputs"], {"images": cv2.dnn.blobFromImage(golden["seeded"])})
    np.testing.assert_allclose(outputs, golden["outputs"], atol=2e-3)


def test_compact_detects_the_astronaut_as_in_the_golden_file(
    compact: CompactDetector, astronaut_path: Path, golden: Any
) -> None:
    (face,) = compact.detect(read_image(astronaut_path))
    np.testing.assert_allclose(face.box.xyxy, golden["box"], atol=1)
    assert face.confidence == pytest.approx(float(golden["confidence"]), abs=0.01)
    assert face.landmarks is not None
    np.testing.assert_allclose(face.landmarks, golden["landmarks"], atol=0.5)
    assert face.box.iou(Box(185, 55, 80, 110)) > 0.6
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


@pytest.mark.parametrize(
    ("name", "faces"), [("no-faces.jpg", 0), ("one-happy-face.jpg", 1), ("five-people.jpg", 5), ("astronaut.png", 1)]
)
def test_compact_detects_the_faces_of_shared_images(
    compact: CompactDetector, shared: Path, name: str, faces: int
) -> None:
    image = read_image(shared / "photos" / name)
    before = image.copy()
    found = compact.detect(image)
    assert len(found) == faces
    assert (image == before).all()
    confidences = [face.confidence or 0.0 for face in found]
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize("times", [0.5, 3.0, 6.0])
def test_compact_detects_the_same_face_at_any_size(
    compact: CompactDetector, astronaut_path: Path, times: float
) -> None:
    image = read_image(astronaut_path)
    scaled = np.asarray(cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_AREA), np.uint8)
    (face,) = compact.detect(scaled)
    expected = Box(*(round(value * times) for value in (185, 55, 80, 110)))
    assert face.box.iou(expected) > 0.55


def test_compact_with_small_faces_detects_small_faces(compact: CompactDetector, astronaut_path: Path) -> None:
    face = read_image(astronaut_path)[20:200, 130:310]
    large = np.full((1600, 1600, 3), 90, np.uint8)
    large[700:732, 900:932] = cv2.resize(face, (32, 32), interpolation=cv2.INTER_AREA)
    assert compact.detect(large) == []
    (found,) = CompactDetector(small_faces=True).detect(large)
    assert found.box.iou(Box(910, 706, 14, 19)) > 0.4


def test_compact_shared_by_threads_returns_the_same_faces(compact: CompactDetector, astronaut_path: Path) -> None:
    image = read_image(astronaut_path)
    images = [np.ascontiguousarray(image[:, shift:]) for shift in (0, 40, 80, 120)] * 3
    expected = [compact.detect(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compact.detect, images)) == expected


@pytest.mark.parametrize("wrong", [{"score_threshold": -0.1}, {"score_threshold": 1.1}, {"num_threads": 0}])
def test_compact_with_argument_out_of_range_raises_value_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="got"):
        CompactDetector(**wrong)


def test_compact_with_missing_or_other_card_raises_model_error(tmp_path: Path, pooled_weights: Path) -> None:
    copied = tmp_path / "net.onnx"
    shutil.copyfile(find_shipped_weights(), copied)
    with pytest.raises(ModelError, match="no model card"):
        CompactDetector(copied)
    shutil.copyfile(card_path(find_shipped_weights()), card_path(copied))
    assert CompactDetector(copied).name == "compact"
    copied.write_bytes(pooled_weights.read_bytes())
    with pytest.raises(ModelError, match="does not match its card"):
        CompactDetector(copied)
