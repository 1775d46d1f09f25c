"""Paired comparison of detectors on labeled faces made by the test."""

import numpy as np
import pytest

from mememoji.detection.fake_detector import FakeDetector
from mememoji.evaluation.detection.detector_comparison import compare_detectors, is_detected
from mememoji.evaluation.detection.detector_predictions import DetectorPredictions, run_detector
from mememoji.results import Box, Detection
from tests.drawn_faces import draw_sample

SAMPLES = [draw_sample(number, faces=2) for number in range(5)]


def predict(name: str, found: list[tuple[bool, bool]], confidence: float = 0.9) -> DetectorPredictions:
    """Return the predictions of a detector that finds exactly the marked faces of each image."""
    detections = []
    for sample, marks in zip(SAMPLES, found, strict=True):
        boxes = [Box.from_xyxy(tuple(face), (96, 96)) for face, mark in zip(sample.faces, marks, strict=True) if mark]
        detector = FakeDetector([Detection(box, confidence) for box in boxes if box is not None])
        detections.append(run_detector(detector, [sample], 0.5).detections[0])
    return DetectorPredictions(name, 0.5, tuple(detections))


def test_is_detected_without_images_is_empty() -> None:
    assert is_detected(DetectorPredictions("none", 0.5, ()), [], 0.5, face_size=">=16").shape == (0,)


def test_is_detected_keeps_the_order_of_the_faces() -> None:
    predictions = predict("half", [(True, False)] * 5)
    np.testing.assert_array_equal(is_detected(predictions, SAMPLES, 0.5, face_size=">=16"), [True, False] * 5)
    assert not is_detected(predictions, SAMPLES, 0.95, face_size=">=16").any()


def test_compare_detectors_counts_faces_that_only_one_detects() -> None:
    both, half = predict("all", [(True, True)] * 5), predict("half", [(True, False)] * 5, confidence=0.3)
    found = compare_detectors(both, half, SAMPLES)[">=16"]
    assert found["recall"] == pytest.approx([1.0, 0.5])
    assert (found["only_first"], found["only_second"]) == (5, 0)
    assert found["p"] == pytest.approx(2 / 2**5)
    same = compare_detectors(both, both, SAMPLES)[">=32"]
    assert (same["only_first"], same["only_second"], same["p"]) == (0, 0, 1.0)


def test_compare_detectors_uses_thresholds_at_the_same_precision() -> None:
    """A false positive with a higher score than half of the faces limits the recall at the precision."""
    wrong = Detection(Box(0, 0, 20, 20), 0.8)
    detected = predict("confident", [(True, True)] * 5)
    clean = draw_sample(9, faces=0)
    samples = [*SAMPLES, clean]
    false_positive = run_detector(FakeDetector([wrong]), [clean], 0.5).detections[0]
    no_detections = run_detector(FakeDetector(), [clean], 0.5).detections[0]
    before = DetectorPredictions("confident", 0.5, (*detected.detections, false_positive))
    uncertain = DetectorPredictions(
        "uncertain", 0.5, (*predict("uncertain", [(True, True)] * 5, 0.5).detections, false_positive)
    )
    assert compare_detectors(before, DetectorPredictions("q", 0.5, (*detected.detections, no_detections)), samples)[
        ">=16"
    ]["recall"] == [1.0, 1.0]
    found = compare_detectors(before, uncertain, samples)[">=16"]
    assert found["recall"] == [1.0, 0.0]
    assert found["only_first"] == 10
