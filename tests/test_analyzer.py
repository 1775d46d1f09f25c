"""A detector and a classifier put together."""

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

from mememoji.analyzer import Analyzer, in_reading_order
from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import Prediction
from mememoji.classification.shipped_classifiers import classifier_names, shipped_classifier
from mememoji.detection.fake_detector import FixedDetector
from mememoji.emotions import Emotion
from mememoji.errors import InputError, ModelError, TooLargeError
from mememoji.image_io import ImageLimits, Picture, read_image
from mememoji.results import Box, Detection

POINTS = ((30.0, 30.0), (50.0, 30.0), (40.0, 40.0), (32.0, 50.0), (48.0, 50.0))
LEFT = Detection(Box(20, 20, 40, 40), 0.9, POINTS)
RIGHT = Detection(Box(100, 26, 40, 44), 0.8)
BELOW = Detection(Box(10, 100, 30, 30))
PICTURE = np.random.default_rng(5).integers(0, 256, (160, 200, 3), np.uint8)

BOXES = st.builds(Box, st.integers(0, 300), st.integers(0, 300), st.integers(1, 90), st.integers(1, 90))


class Recorder:
    """Hands on to another classifier and keeps what it was asked."""

    def __init__(self, classifier: FixedClassifier) -> None:
        self._classifier = classifier
        self.batches: list[Any] = []

    @property
    def card(self) -> ModelCard:
        return self._classifier.card

    def classify(self, crops: Any) -> Prediction:
        self.batches.append(crops)
        return self._classifier.classify(crops)


def test_no_face_is_no_error() -> None:
    analysis = Analyzer(FixedDetector(), FixedClassifier({"happy": 1.0})).analyze(PICTURE)
    assert analysis.faces == ()
    assert (analysis.width, analysis.height) == (200, 160)


def test_every_face_has_what_detector_and_classifier_say() -> None:
    classifier = FixedClassifier({"happy": 0.75, "sad": 0.25}, {"fear": 1.0}, {"neutral": 1.0}, face_likeness=0.5)
    analysis = Analyzer(FixedDetector([BELOW, RIGHT, LEFT]), classifier).analyze(PICTURE)
    assert [face.detection for face in analysis.faces] == [LEFT, RIGHT, BELOW]
    assert [face.top for face in analysis.faces] == [Emotion.HAPPY, Emotion.FEAR, Emotion.NEUTRAL]
    assert analysis.faces[0].composition["sad"] == pytest.approx(0.25)
    assert [face.face_likeness for face in analysis.faces] == pytest.approx([0.5] * 3)
    assert (analysis.detector, analysis.model) == ("fixed", "fixed")
    assert len(json.loads(json.dumps(analysis.to_dict()))["faces"]) == 3


def test_all_faces_go_in_one_batch() -> None:
    recorder = Recorder(FixedClassifier({"happy": 1.0}))
    Analyzer(FixedDetector([LEFT, RIGHT, BELOW]), recorder).analyze(PICTURE)
    assert [crops.shape for crops in recorder.batches] == [(3, 48, 48)]


@pytest.mark.parametrize("detections", [[], [LEFT], [LEFT, RIGHT, BELOW]])
def test_crop_gives_what_the_classifier_gets(detections: list[Detection]) -> None:
    recorder = Recorder(FixedClassifier({"happy": 1.0}))
    analyzer = Analyzer(FixedDetector(), recorder, margin=0.1)

    crops = analyzer.crop(PICTURE, detections)
    analyzer.read_faces(PICTURE, detections)

    assert crops.shape == (len(detections), 48, 48)
    assert crops.dtype == np.uint8
    assert all(np.array_equal(crops, batch) for batch in recorder.batches)


@pytest.mark.parametrize(("given", "expected"), [(None, 0.25), (0.0, 0.0), (0.5, 0.5)])
def test_the_margin_is_the_detectors_unless_one_is_given(given: float | None, expected: float) -> None:
    recorder = Recorder(FixedClassifier({"happy": 1.0}))
    analyzer = Analyzer(FixedDetector([Detection(Box(60, 60, 40, 40))], margin=0.25), recorder, margin=given)
    picture = np.zeros((160, 160, 3), np.uint8)
    picture[60:100, 60:100] = 255
    analyzer.analyze(picture)
    assert analyzer.margin == expected
    # The box is white: the wider the margin, the less of the crop it fills.
    assert recorder.batches[0].mean() / 255 == pytest.approx((1 / (1 + 2 * expected)) ** 2, abs=0.03)


@pytest.mark.parametrize("upright", [True, False])
def test_a_leaning_face_is_turned_upright_unless_that_is_not_wanted(upright: bool) -> None:
    recorder = Recorder(FixedClassifier({"happy": 1.0}))
    # The person lies on their side: the eyes stand above one another, to the right of the mouth.
    points = ((110.0, 70.0), (110.0, 90.0), (100.0, 80.0), (90.0, 72.0), (90.0, 88.0))
    picture = np.zeros((160, 200, 3), np.uint8)
    picture[:, 100:] = 200
    detector = FixedDetector([Detection(Box(70, 50, 60, 60), 0.9, points)])
    Analyzer(detector, recorder, upright=upright).analyze(picture)
    (crop,) = recorder.batches[0]
    bright = {"top": crop[:20].mean() > 150, "right": crop[:, 28:].mean() > 150}
    assert bright == {"top": upright, "right": not upright}


def test_a_network_reads_the_whole_crop(pooled_weights: Path, pattern_split: Any) -> None:
    analyzer = Analyzer("whole", pooled_weights)
    tops = [analyzer.analyze(image).faces[0].top for image in pattern_split.images[:70:10]]
    assert tops == ["angry", "angry", "fear", "happy", "sad", "surprise", "neutral"]


@pytest.mark.parametrize("name", classifier_names())
def test_a_classifier_is_chosen_by_name(name: str, astronaut_path: Path) -> None:
    shipped = shipped_classifier(name)
    by_name, by_hand = (Analyzer("haar", classifier).analyze(astronaut_path) for classifier in (name, shipped))
    assert by_name == by_hand
    assert by_name.model == shipped.card.name


def test_the_path_of_weights_may_be_a_string(pooled_weights: Path, astronaut_path: Path) -> None:
    by_string, by_path = (
        Analyzer("haar", weights).analyze(astronaut_path) for weights in (str(pooled_weights), pooled_weights)
    )
    assert by_string == by_path


def test_haar_finds_the_astronaut(pooled_weights: Path, astronaut_path: Path) -> None:
    analysis = Analyzer("haar", pooled_weights).analyze(astronaut_path)
    (face,) = analysis.faces
    assert face.box.iou(Box(178, 66, 94, 94)) > 0.7
    assert (analysis.detector, analysis.model) == ("haar", "pooled 1")


def test_every_kind_of_picture_gives_the_same(pooled_weights: Path, astronaut_path: Path) -> None:
    analyzer = Analyzer("haar", pooled_weights)
    array = read_image(astronaut_path)
    pictures: list[Picture] = [
        astronaut_path,
        str(astronaut_path),
        astronaut_path.read_bytes(),
        array,
        Image.fromarray(array),
    ]
    analyses = [analyzer.analyze(picture) for picture in pictures]
    assert analyses == [analyses[0]] * 5
    assert analyzer.read_faces(array, [face.detection for face in analyses[0].faces]).faces == analyses[0].faces


def test_several_threads_share_an_analyzer(pooled_weights: Path, astronaut_path: Path) -> None:
    analyzer = Analyzer("haar", pooled_weights)
    array = read_image(astronaut_path)
    pictures = [array, np.ascontiguousarray(array[:, ::-1]), array[:300, :400]] * 3
    alone = [analyzer.analyze_array(picture) for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(analyzer.analyze_array, pictures)) == alone


def test_limits_hold() -> None:
    analyzer = Analyzer(FixedDetector(), FixedClassifier({"happy": 1.0}), limits=ImageLimits(max_pixels=100))
    with pytest.raises(TooLargeError):
        analyzer.analyze(PICTURE)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got 'face'"):
        Analyzer("face", FixedClassifier({"happy": 1.0}))
    with pytest.raises(InputError, match=r"must be one of 'compact'.*got 'micro'"):
        Analyzer("whole", "micro")
    with pytest.raises(ModelError, match="no model card"):
        Analyzer("whole", tmp_path / "net.onnx")
    with pytest.raises(ValueError, match="margin lies in"):
        Analyzer("whole", FixedClassifier({"happy": 1.0}), margin=-0.5)


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
def test_reading_order(boxes: Sequence[tuple[int, int, int, int]], order: list[int]) -> None:
    detections = [Detection(Box(*box)) for box in boxes]
    assert in_reading_order(detections) == [detections[index] for index in order]


@settings(max_examples=50)
@given(st.lists(BOXES, max_size=8, unique=True), st.randoms())
def test_reading_order_does_not_depend_on_the_detectors(boxes: list[Box], random: Any) -> None:
    detections = [Detection(box) for box in boxes]
    ordered = in_reading_order(detections)
    random.shuffle(detections)
    assert in_reading_order(detections) == ordered
    assert len(ordered) == len(boxes)


@pytest.mark.parametrize(
    ("picture", "least", "most"),
    [("no-faces.jpg", 0, 0), ("astronaut.png", 1, 1), ("one-happy-face.jpg", 1, 1), ("five-people.jpg", 4, 5)],
)
def test_photographs(shared: Path, picture: str, least: int, most: int) -> None:
    analysis = Analyzer("haar").analyze(shared / "photos" / picture)
    assert least <= len(analysis.faces) <= most
    if picture in ("astronaut.png", "one-happy-face.jpg"):
        assert analysis.faces[0].top is Emotion.HAPPY
    if picture == "one-happy-face.jpg":
        assert analysis.faces[0].composition["happy"] > 0.8


def test_several_pictures_are_read_as_each_is_alone(astronaut_path: Path, pooled_weights: Path) -> None:
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
