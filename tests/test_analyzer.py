"""The analyzer: a detector and a classifier."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mememoji.analyzer import Analyzer, sort_by_reading_order
from mememoji.classification.face_classifier import Prediction
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.classification.model_card import ModelCard
from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from mememoji.detection.fake_detector import FakeDetector
from mememoji.emotions import Emotion
from mememoji.errors import InputError, ModelError, TooLargeError
from mememoji.image_io import ImageLike, ImageLimits, read_image
from mememoji.results import Box, Detection

POINTS = ((30.0, 30.0), (50.0, 30.0), (40.0, 40.0), (32.0, 50.0), (48.0, 50.0))
LEFT = Detection(Box(20, 20, 40, 40), 0.9, POINTS)
RIGHT = Detection(Box(100, 26, 40, 44), 0.8)
BELOW = Detection(Box(10, 100, 30, 30))
IMAGE = np.random.default_rng(5).integers(0, 256, (160, 200, 3), np.uint8)

BOXES = st.builds(Box, st.integers(0, 300), st.integers(0, 300), st.integers(1, 90), st.integers(1, 90))


class Recorder:
    """Wraps a classifier and records the crops that it gets."""

    def __init__(self, classifier: FakeClassifier) -> None:
        self._classifier = classifier
        self.batches: list[Any] = []

    @property
    def card(self) -> ModelCard:
        return self._classifier.card

    def classify(self, crops: Any) -> Prediction:
        self.batches.append(crops)
        return self._classifier.classify(crops)


def test_image_without_a_face_has_an_empty_analysis() -> None:
    analysis = Analyzer(FakeDetector(), FakeClassifier({"happy": 1.0})).analyze(IMAGE)
    assert analysis.faces == ()
    assert (analysis.width, analysis.height) == (200, 160)


def test_faces_hold_detections_and_predictions() -> None:
    classifier = FakeClassifier({"happy": 0.75, "sad": 0.25}, {"fear": 1.0}, {"neutral": 1.0}, face_score=0.5)
    analysis = Analyzer(FakeDetector([BELOW, RIGHT, LEFT]), classifier).analyze(IMAGE)
    assert [face.detection for face in analysis.faces] == [LEFT, RIGHT, BELOW]
    assert [face.top for face in analysis.faces] == [Emotion.HAPPY, Emotion.FEAR, Emotion.NEUTRAL]
    assert analysis.faces[0].composition["sad"] == pytest.approx(0.25)
    assert [face.face_score for face in analysis.faces] == pytest.approx([0.5] * 3)
    assert (analysis.detector, analysis.model) == ("fake", "fake")
    assert len(json.loads(json.dumps(analysis.to_dict()))["faces"]) == 3


def test_all_faces_are_classified_in_one_batch() -> None:
    recorder = Recorder(FakeClassifier({"happy": 1.0}))
    Analyzer(FakeDetector([LEFT, RIGHT, BELOW]), recorder).analyze(IMAGE)
    assert [crops.shape for crops in recorder.batches] == [(3, 48, 48)]


@pytest.mark.parametrize("detections", [[], [LEFT], [LEFT, RIGHT, BELOW]])
def test_crop_faces_returns_what_the_classifier_gets(detections: list[Detection]) -> None:
    recorder = Recorder(FakeClassifier({"happy": 1.0}))
    analyzer = Analyzer(FakeDetector(), recorder, margin=0.1)

    crops = analyzer.crop_faces(IMAGE, detections)
    analyzer.classify_faces(IMAGE, detections)

    assert crops.shape == (len(detections), 48, 48)
    assert crops.dtype == np.uint8
    assert all(np.array_equal(crops, batch) for batch in recorder.batches)


@pytest.mark.parametrize(("given", "expected"), [(None, 0.25), (0.0, 0.0), (0.5, 0.5)])
def test_margin_defaults_to_the_detectors(given: float | None, expected: float) -> None:
    recorder = Recorder(FakeClassifier({"happy": 1.0}))
    analyzer = Analyzer(FakeDetector([Detection(Box(60, 60, 40, 40))], margin=0.25), recorder, margin=given)
    image = np.zeros((160, 160, 3), np.uint8)
    image[60:100, 60:100] = 255
    analyzer.analyze(image)
    assert analyzer.margin == expected
    # The box is white: the wider the margin, the less of the crop it fills.
    assert recorder.batches[0].mean() / 255 == pytest.approx((1 / (1 + 2 * expected)) ** 2, abs=0.03)


@pytest.mark.parametrize("align", [True, False])
def test_rolled_face_is_rotated_upright_if_align_is_set(align: bool) -> None:
    recorder = Recorder(FakeClassifier({"happy": 1.0}))
    # The person lies on their side: one eye is above the other, both to the right of the mouth.
    points = ((110.0, 70.0), (110.0, 90.0), (100.0, 80.0), (90.0, 72.0), (90.0, 88.0))
    image = np.zeros((160, 200, 3), np.uint8)
    image[:, 100:] = 200
    detector = FakeDetector([Detection(Box(70, 50, 60, 60), 0.9, points)])
    Analyzer(detector, recorder, align=align).analyze(image)
    (crop,) = recorder.batches[0]
    bright = {"top": crop[:20].mean() > 150, "right": crop[:, 28:].mean() > 150}
    assert bright == {"top": align, "right": not align}


CONFIDENT, UNCERTAIN = Detection(Box(0, 0, 20, 20), 0.9), Detection(Box(40, 0, 60, 60), 0.6)
LARGE_UNKNOWN, SMALL_UNKNOWN = Detection(Box(40, 60, 60, 60)), Detection(Box(120, 0, 20, 20))


@pytest.mark.parametrize(
    ("detections", "max_faces", "expected"),
    [
        ([], 1, []),
        ([UNCERTAIN, CONFIDENT], None, [CONFIDENT, UNCERTAIN]),
        ([UNCERTAIN, CONFIDENT], 2, [CONFIDENT, UNCERTAIN]),
        ([UNCERTAIN, CONFIDENT], 1, [CONFIDENT]),
        ([SMALL_UNKNOWN, LARGE_UNKNOWN], 1, [LARGE_UNKNOWN]),
        ([LARGE_UNKNOWN, UNCERTAIN], 1, [UNCERTAIN]),
    ],
)
def test_max_faces_keeps_the_highest_confidence_then_the_largest(
    detections: list[Detection], max_faces: int | None, expected: list[Detection]
) -> None:
    classifier = FakeClassifier({"happy": 1.0})
    limited = Analyzer(FakeDetector(detections), classifier, max_faces=max_faces)
    assert limited.find_faces(IMAGE) == expected
    assert [face.detection for face in limited.analyze(IMAGE).faces] == expected
    assert [face.detection for face in limited.analyze_arrays([IMAGE])[0].faces] == expected
    assert Analyzer(FakeDetector(detections), classifier).find_faces(IMAGE, max_faces=max_faces) == expected


def test_find_faces_uses_another_detector_if_given() -> None:
    analyzer = Analyzer(FakeDetector([LEFT]), FakeClassifier({"happy": 1.0}))
    assert analyzer.find_faces(IMAGE, detector=FakeDetector([RIGHT])) == [RIGHT]


def test_full_image_detector_classifies_the_whole_image(pooled_weights: Path, pattern_split: Any) -> None:
    analyzer = Analyzer("full-image", pooled_weights)
    tops = [analyzer.analyze(image).faces[0].top for image in pattern_split.images[:70:10]]
    assert tops == ["angry", "angry", "fear", "happy", "sad", "surprise", "neutral"]


@pytest.mark.parametrize("name", list_classifiers())
def test_classifier_name_selects_shipped_weights(name: str, astronaut_path: Path) -> None:
    shipped = load_shipped_classifier(name)
    by_name, by_hand = (Analyzer("haar", classifier).analyze(astronaut_path) for classifier in (name, shipped))
    assert by_name == by_hand
    assert by_name.model == shipped.card.name


def test_weights_path_may_be_a_string(pooled_weights: Path, astronaut_path: Path) -> None:
    by_string, by_path = (
        Analyzer("haar", weights).analyze(astronaut_path) for weights in (str(pooled_weights), pooled_weights)
    )
    assert by_string == by_path


def test_haar_detector_finds_the_astronaut(pooled_weights: Path, astronaut_path: Path) -> None:
    analysis = Analyzer("haar", pooled_weights).analyze(astronaut_path)
    (face,) = analysis.faces
    assert face.box.iou(Box(178, 66, 94, 94)) > 0.7
    assert (analysis.detector, analysis.model) == ("haar", "pooled 1")


def test_analyze_is_equal_for_every_input_type(pooled_weights: Path, astronaut_path: Path) -> None:
    analyzer = Analyzer("haar", pooled_weights)
    array = read_image(astronaut_path)
    images: list[ImageLike] = [
        astronaut_path,
        str(astronaut_path),
        astronaut_path.read_bytes(),
        array,
        Image.fromarray(array),
    ]
    analyses = [analyzer.analyze(image) for image in images]
    assert analyses == [analyses[0]] * 5
    assert analyzer.classify_faces(array, [face.detection for face in analyses[0].faces]).faces == analyses[0].faces


def test_analyzer_is_shared_by_threads(pooled_weights: Path, astronaut_path: Path) -> None:
    analyzer = Analyzer("haar", pooled_weights)
    array = read_image(astronaut_path)
    images = [array, np.ascontiguousarray(array[:, ::-1]), array[:300, :400]] * 3
    alone = [analyzer.analyze_array(image) for image in images]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(analyzer.analyze_array, images)) == alone


def test_image_over_the_limits_raises() -> None:
    analyzer = Analyzer(FakeDetector(), FakeClassifier({"happy": 1.0}), limits=ImageLimits(max_pixels=100))
    with pytest.raises(TooLargeError):
        analyzer.analyze(IMAGE)


def test_invalid_arguments_raise(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got 'face'"):
        Analyzer("face", FakeClassifier({"happy": 1.0}))
    with pytest.raises(InputError, match=r"must be one of 'compact'.*got 'micro'"):
        Analyzer("full-image", "micro")
    with pytest.raises(ModelError, match="no model card"):
        Analyzer("full-image", tmp_path / "net.onnx")
    with pytest.raises(ValueError, match="margin must be in"):
        Analyzer("full-image", FakeClassifier({"happy": 1.0}), margin=-0.5)


@pytest.mark.parametrize(
    ("boxes", "order"),
    [
        ([], []),
        ([(0, 0, 9, 9)], [0]),
        ([(50, 0, 9, 9), (0, 4, 9, 9)], [1, 0]),  # one row, though the right one is higher
        ([(50, 0, 9, 9), (0, 20, 9, 9)], [0, 1]),  # two rows
        ([(0, 40, 9, 9), (60, 2, 9, 9), (30, 0, 9, 9), (20, 41, 9, 9)], [2, 1, 0, 3]),
    ],
)
def test_in_reading_order_sorts_by_rows(boxes: Sequence[tuple[int, int, int, int]], order: list[int]) -> None:
    detections = [Detection(Box(*box)) for box in boxes]
    assert sort_by_reading_order(detections) == [detections[index] for index in order]


@settings(max_examples=50)
@given(st.lists(BOXES, max_size=8, unique=True), st.randoms())
def test_in_reading_order_does_not_depend_on_the_input_order(boxes: list[Box], random: Any) -> None:
    detections = [Detection(box) for box in boxes]
    ordered = sort_by_reading_order(detections)
    random.shuffle(detections)
    assert sort_by_reading_order(detections) == ordered
    assert len(ordered) == len(boxes)


@pytest.mark.parametrize(
    ("image", "min_faces", "max_faces"),
    [("no-faces.jpg", 0, 0), ("astronaut.png", 1, 1), ("one-happy-face.jpg", 1, 1), ("five-people.jpg", 4, 5)],
)
def test_analyze_finds_the_faces_of_sample_images(shared: Path, image: str, min_faces: int, max_faces: int) -> None:
    analysis = Analyzer("haar").analyze(shared / "photos" / image)
    assert min_faces <= len(analysis.faces) <= max_faces
    if image in ("astronaut.png", "one-happy-face.jpg"):
        assert analysis.faces[0].top is Emotion.HAPPY
    if image == "one-happy-face.jpg":
        assert analysis.faces[0].composition["happy"] > 0.8


def test_analyze_arrays_equals_analyze_array(astronaut_path: Path, pooled_weights: Path) -> None:
    analyzer = Analyzer("haar", pooled_weights)
    portrait = read_image(astronaut_path)
    images = [portrait, np.zeros((90, 120, 3), np.uint8), portrait[:, ::-1].copy()]
    together = analyzer.analyze_arrays(images)
    assert [len(analysis.faces) for analysis in together] == [1, 0, 1]
    for image, analysis in zip(images, together, strict=True):
        alone = analyzer.analyze_array(image)
        assert [face.detection for face in analysis.faces] == [face.detection for face in alone.faces]
        for face, other in zip(analysis.faces, alone.faces, strict=True):
            np.testing.assert_allclose(face.composition.fractions, other.composition.fractions, atol=1e-5)
    assert analyzer.analyze_arrays([]) == []
