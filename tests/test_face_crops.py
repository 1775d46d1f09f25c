"""Every path that crops faces gives the crop that the classifier gets, on a rolled face at the edge of an image."""

import asyncio
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from typer.testing import CliRunner

from mememoji.analyzer import Analyzer
from mememoji.classification.face_classifier import FaceClassifier, Prediction
from mememoji.classification.feature_extractor import FeatureExtractor
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import resize_crop, to_gray
from mememoji.classification.shipped_classifiers import find_shipped_weights
from mememoji.cli import app
from mememoji.datasets.detection_images import DetectionSample
from mememoji.datasets.face_sets.face_cutter import FaceCutter
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.negatives import extract_crops
from mememoji.datasets.splits import read_split
from mememoji.drawing.feature_maps import draw_feature_maps
from mememoji.emotions import Emotion
from mememoji.image_io import encode_png, read_image
from mememoji.landmarks import roll_from_landmarks
from mememoji.results import Detection
from mememoji.service.inference.image_outputs import OutputOptions
from mememoji.service.inference.inference_pool import InferencePool, InferenceResult
from mememoji.storage.feedback_export import export_feedback
from mememoji.storage.image_record import ImageRecord
from mememoji.storage.memory_store import MemoryStore

ROLL = 35
CENTER = (225, 110)
"""The center of the astronaut's face in pixels."""

UInt8Array = npt.NDArray[np.uint8]


class Recorder:
    """Wraps a classifier and records the crops that it gets."""

    def __init__(self, classifier: FaceClassifier) -> None:
        self._classifier = classifier
        self.batches: list[UInt8Array] = []

    @property
    def card(self) -> ModelCard:
        return self._classifier.card

    def classify(self, crops: UInt8Array) -> Prediction:
        self.batches.append(crops)
        return self._classifier.classify(crops)


@pytest.fixture(scope="module")
def image(astronaut_path: Path) -> UInt8Array:
    """(300, 300, 3): a face with a roll of 35 degrees; the left edge of the image cuts its cheek off."""
    matrix = cv2.getRotationMatrix2D(CENTER, -ROLL, 1.0)
    rotated = cv2.warpAffine(read_image(astronaut_path), matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(rotated[60:360, 180:480], np.uint8)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    analyzer = Analyzer("compact")
    analyzer.classifier = Recorder(analyzer.classifier)
    return analyzer


@pytest.fixture(scope="module")
def detection(image: UInt8Array, analyzer: Analyzer) -> Detection:
    (face,) = analyzer.analyze_array(image).faces
    assert roll_from_landmarks(face.landmarks) == pytest.approx(ROLL, abs=3)
    assert face.box.x == 0
    return face.detection


@pytest.fixture(scope="module")
def expected(analyzer: Analyzer, detection: Detection) -> UInt8Array:
    """(48, 48) uint8: the crop that the classifier got."""
    ((crop,), *_) = recorded(analyzer)
    return np.asarray(crop, np.uint8)


@pytest.fixture
def path(image: UInt8Array, tmp_path: Path) -> Path:
    path = tmp_path / "rolled.png"
    path.write_bytes(encode_png(image))
    return path


def recorded(analyzer: Analyzer) -> list[UInt8Array]:
    assert isinstance(analyzer.classifier, Recorder)
    return analyzer.classifier.batches


def distance(one: UInt8Array, other: UInt8Array) -> float:
    """Return the mean difference in gray levels."""
    return float(np.abs(one.astype(int) - other).mean())


def serve(analyzer: Analyzer, content: bytes, **options: bool) -> InferenceResult:
    pool = InferencePool(analyzer, num_threads=1, queue_size=1, timeout=60, max_faces=5)
    try:
        return asyncio.run(pool.analyze(lambda: content, OutputOptions(**options)))
    finally:
        pool.close()


def export(result: InferenceResult, out: Path, **pixels: Any) -> UInt8Array:
    """Store an image with feedback, export it, and return the exported crop."""
    store = MemoryStore()
    record = ImageRecord.from_analysis(
        result.analysis, crop_margin=result.crop_margin, crop_aligned=result.crop_aligned, **pixels
    )
    store.add(record)
    store.add_feedback(record.image_id, 0, Emotion.HAPPY)
    export_feedback(store, out, val_fraction=0.0)
    (crop,) = read_split(out / "train.parquet").images
    return np.asarray(crop, np.uint8)


def test_alignment_changes_the_crop(image: UInt8Array, detection: Detection, expected: UInt8Array) -> None:
    (unaligned,) = Analyzer("compact", align=False).crop_faces(image, [detection])
    assert distance(unaligned, expected) > 15


def test_analyzer_crops_what_it_classifies(
    image: UInt8Array, analyzer: Analyzer, detection: Detection, expected: UInt8Array
) -> None:
    np.testing.assert_array_equal(analyzer.crop_faces(image, [detection])[0], expected)


def test_predict_saves_the_crop_in_color(
    image: UInt8Array, analyzer: Analyzer, detection: Detection, expected: UInt8Array, path: Path, tmp_path: Path
) -> None:
    result = CliRunner().invoke(
        app, ["predict", str(path), "--detector", "compact", "--save-crops", str(tmp_path / "crops")]
    )
    assert result.exit_code == 0, result.stderr
    saved = read_image(tmp_path / "crops" / "rolled-face-1.png")
    np.testing.assert_array_equal(saved, analyzer.crop_rgb_face(image, detection))
    # Rotating in color and then converting to gray rounds differently from the reverse.
    assert distance(resize_crop(to_gray(saved)), expected) < 1.5


def test_features_are_drawn_of_the_crop(expected: UInt8Array, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "features.png"
    result = CliRunner().invoke(
        app, ["features", str(path), "--detector", "compact", "--layer", "stem", "--out", str(out)]
    )
    assert result.exit_code == 0, result.stderr
    maps = FeatureExtractor(find_shipped_weights()).feature_maps(expected[None], "stem")[0]
    np.testing.assert_array_equal(read_image(out), draw_feature_maps(expected, maps, "stem", max_channels=47))


def test_service_classifies_the_crop(
    image: UInt8Array, analyzer: Analyzer, detection: Detection, expected: UInt8Array
) -> None:
    result = serve(analyzer, encode_png(image))
    assert [face.detection for face in result.analysis.faces] == [detection]
    np.testing.assert_array_equal(recorded(analyzer)[-1][0], expected)


def test_feedback_of_a_stored_image_is_exported_with_the_crop(
    image: UInt8Array, analyzer: Analyzer, expected: UInt8Array, tmp_path: Path
) -> None:
    result = serve(analyzer, encode_png(image))
    crop = export(result, tmp_path / "out", image=result.content)
    np.testing.assert_array_equal(crop, expected)


def test_feedback_of_a_stored_crop_is_exported_with_the_crop(
    image: UInt8Array, analyzer: Analyzer, detection: Detection, expected: UInt8Array, tmp_path: Path
) -> None:
    result = serve(analyzer, encode_png(image), crops=True)
    assert result.crops is not None
    np.testing.assert_array_equal(read_image(result.crops[0]), analyzer.crop_rgb_face(image, detection))
    assert distance(export(result, tmp_path / "out", crops=result.crops), expected) < 1.5


def test_face_set_has_the_crop_in_its_center(expected: UInt8Array, path: Path) -> None:
    face = FaceCutter(Analyzer("compact").detector).cut(LabeledImage("own", "rolled.png", path))
    assert isinstance(face, np.ndarray)
    np.testing.assert_array_equal(face[8:56, 8:56], expected)


def test_labeled_faces_are_cropped_for_the_non_face_output(
    image: UInt8Array, detection: Detection, expected: UInt8Array
) -> None:
    sample = DetectionSample(
        id="own:1",
        source="own",
        image=encode_png(image),
        faces=np.array([detection.box.xyxy], np.float32),
        landmarks=np.array([detection.landmarks], np.float32),
        ignore=np.zeros((0, 4), np.float32),
        ignore_why=(),
    )
    crops = dict(extract_crops([sample], [], np.random.default_rng(0)))
    # float32 landmarks change the roll in its seventh digit.
    assert distance(crops["faces"][0], expected) < 0.1
