"""The second search with a border, for faces that fill the image."""

from pathlib import Path

import numpy as np

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.detection.border import add_border, detect_with_border
from mememoji.detection.fake_detector import FakeDetector
from mememoji.image_io import read_image
from mememoji.results import Box, Detection
from mememoji.types import UInt8Array


class WideOnly:
    """A detector that finds one face, but only in images of at least 150 pixels: with the border."""

    name, margin = "wide-only", 0.0

    def __init__(self, box: Box) -> None:
        self.box, self.num_calls = box, 0

    def detect(self, image: UInt8Array) -> list[Detection]:
        self.num_calls += 1
        return [Detection(self.box, 0.8, tuple((70.0 + n, 80.0) for n in range(5)))] if len(image) >= 150 else []


IMAGE = np.zeros((100, 100, 3), np.uint8)


def test_add_border_repeats_the_edges() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    bordered, width = add_border(image, 0.5)
    assert (width, bordered.shape) == (2, (6, 8, 3))
    np.testing.assert_array_equal(bordered[2:-2, 2:-2], image)
    np.testing.assert_array_equal(bordered[0, 0], image[0, 0])


def test_detect_with_border_returns_large_faces_in_pixels_of_the_image() -> None:
    (face,) = detect_with_border(WideOnly(Box(15, 35, 80, 90)), IMAGE)
    assert face.box == Box(0, 10, 70, 90)
    assert face.landmarks is not None
    assert face.landmarks[0] == (45.0, 55.0)
    # A large image is downscaled to 160 pixels first, and so becomes one of 240.
    (face,) = detect_with_border(WideOnly(Box(60, 60, 120, 120)), np.zeros((640, 480, 3), np.uint8))
    assert face.box == Box(80, 80, 400, 480)
    assert detect_with_border(WideOnly(Box(50, 50, 50, 50)), IMAGE) == []
    assert detect_with_border(WideOnly(Box(0, 0, 20, 150)), IMAGE) == []


def test_analyzer_searches_again_only_in_still_images_without_a_face() -> None:
    happy = FakeClassifier({"happy": 1.0})
    detector = WideOnly(Box(25, 25, 90, 90))
    analyzer = Analyzer(detector, happy)
    assert [face.box for face in analyzer.analyze(IMAGE).faces] == [Box(0, 0, 90, 90)]
    assert detector.num_calls == 2
    assert analyzer.analyze_array(IMAGE, thorough=False).faces == ()
    assert analyzer.analyze_arrays([IMAGE], thorough=False)[0].faces == ()
    assert analyzer.find_faces(IMAGE, detector=detector) == []
    assert detector.num_calls == 5
    found = FakeDetector([Detection(Box(0, 0, 9, 9))])
    assert [face.box for face in Analyzer(found, happy).analyze(IMAGE).faces] == [Box(0, 0, 9, 9)]


def test_analyzer_rejects_what_the_classifier_takes_for_no_face() -> None:
    for face_score, expected in ((0.99, 1), (0.9, 0)):
        analyzer = Analyzer(WideOnly(Box(25, 25, 90, 90)), FakeClassifier({"happy": 1.0}, face_score=face_score))
        assert len(analyzer.analyze(IMAGE).faces) == expected


def test_tight_crop_of_a_face_is_found(astronaut_path: Path) -> None:
    tight = np.ascontiguousarray(read_image(astronaut_path)[80:164, 190:262])
    assert len(Analyzer().analyze(tight).faces) == 1
