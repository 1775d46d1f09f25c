"""Metrics of detectors on images made by the test."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mememoji.datasets.detection_images import DetectionSample, read_detection_samples
from mememoji.detection.fake_detector import FakeDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.errors import InputError
from mememoji.evaluation.detection.detection_metrics import (
    compute_metrics,
    find_false_negatives,
    find_false_positives,
)
from mememoji.evaluation.detection.detection_report import make_report, to_markdown, write_detection_report
from mememoji.evaluation.detection.detector_predictions import (
    DetectorPredictions,
    make_evaluation_detector,
    run_detector,
)
from mememoji.landmarks import Landmarks
from mememoji.results import Box, Detection
from tests.drawn_faces import draw_sample

SAMPLE = draw_sample(3, faces=1)
EMPTY = draw_sample(4, faces=0)


def labeled(confidence: float, shift: float = 0.0) -> Detection:
    left, top, right, bottom = (round(float(value)) for value in SAMPLE.faces[0])
    points: Landmarks = tuple((float(x) + shift, float(y)) for x, y in SAMPLE.landmarks[0])
    return Detection(Box(left, top, right - left, bottom - top), confidence, points)


def test_compute_metrics_without_images_counts_no_faces() -> None:
    found = compute_metrics(run_detector(FakeDetector(), [], 0.5), [])
    assert found["by_iou"]["0.4"][">=16"]["faces"] == 0
    assert found["nme"] is None


def test_compute_metrics_of_a_perfect_detector_are_perfect() -> None:
    predictions = run_detector(FakeDetector([labeled(0.9)]), [SAMPLE], 0.5)
    found = compute_metrics(predictions, [SAMPLE])
    for iou in ("0.4", "0.5"):
        assert found["by_iou"][iou][">=16"]["recall"] == 1.0
        assert found["by_iou"][iou][">=16"]["average_precision"] == pytest.approx(1.0)
        assert found["by_iou"][iou]["8-16"]["faces"] == 0
    assert found["nme"] == pytest.approx(0.0, abs=1e-6)
    assert found["nme_faces"] == 1


def test_compute_metrics_normalizes_landmark_errors_by_the_eye_distance() -> None:
    eyes = float(np.linalg.norm(SAMPLE.landmarks[0, 0] - SAMPLE.landmarks[0, 1]))
    predictions = run_detector(FakeDetector([labeled(0.9, shift=0.1 * eyes)]), [SAMPLE], 0.5)
    assert compute_metrics(predictions, [SAMPLE])["nme"] == pytest.approx(0.1, abs=1e-3)


def test_compute_metrics_counts_a_profile_in_the_mean_error_only() -> None:
    def sample(eyes: float) -> DetectionSample:
        """Return a sample with eyes at that distance, as a fraction of the face's width."""
        left, _, right, _ = SAMPLE.faces[0]
        points = SAMPLE.landmarks.copy()
        points[0, :2, 1] = points[0, :2, 1].mean()
        points[0, :2, 0] = (left + right) / 2 + np.array((-0.5, 0.5)) * eyes * (right - left)
        return dataclasses.replace(SAMPLE, landmarks=points)

    def off(sample: DetectionSample, error: float) -> Detection:
        eyes = np.linalg.norm(sample.landmarks[0, 1] - sample.landmarks[0, 0])
        points = sample.landmarks[0] + (error * eyes, 0)
        return dataclasses.replace(labeled(0.9), landmarks=tuple((float(x), float(y)) for x, y in points))

    samples = [sample(0.5), sample(0.5), sample(0.3)]
    errors = (0.05, 0.15, 0.7)
    detections = [
        run_detector(FakeDetector([off(one, error)]), [one], 0.5).detections[0]
        for one, error in zip(samples, errors, strict=True)
    ]
    found = compute_metrics(DetectorPredictions("fake", 0.5, tuple(detections)), samples)
    assert found["nme"] == pytest.approx(0.3, abs=1e-3)
    assert found["nme_median"] == pytest.approx(0.15, abs=1e-3)
    assert (found["nme_faces"], found["nme_frontal_faces"]) == (3, 2)
    assert found["nme_frontal"] == pytest.approx(0.1, abs=1e-3)


def test_compute_metrics_counts_faces_below_the_threshold_as_missed() -> None:
    predictions = run_detector(FakeDetector([labeled(0.4)]), [SAMPLE], 0.5)
    found = compute_metrics(predictions, [SAMPLE])
    assert found["by_iou"]["0.4"][">=16"]["recall"] == 0.0
    assert found["by_iou"]["0.4"][">=16"]["average_precision"] == pytest.approx(1.0)
    assert len(find_false_negatives(predictions.detections[0].above(0.5), SAMPLE)) == 1
    assert len(find_false_negatives(predictions.detections[0], SAMPLE)) == 0


def test_compute_metrics_counts_detections_without_a_face_as_false_positives() -> None:
    detected = [Detection(Box(10, 10, 30, 30), 0.9), Detection(Box(60, 60, 10, 10), 0.8)]
    predictions = run_detector(FakeDetector(detected), [EMPTY, EMPTY], 0.5)
    assert len(find_false_positives(predictions.detections[0], EMPTY).scores) == 1  # the other is too small to count
    false_positives = compute_metrics(predictions, [EMPTY, EMPTY])["false_positives"]
    assert false_positives == {"animals": {"images": 0, "per_100": 0.0}, "no_faces": {"images": 2, "per_100": 100.0}}


def test_report_contains_all_detectors(tmp_path: Path) -> None:
    samples = [SAMPLE, EMPTY]
    right, blind = FakeDetector([labeled(0.9)]), FakeDetector()
    blind.name = "blind"
    predictions = [run_detector(right, samples, 0.5), run_detector(blind, samples, 0.5)]
    report = make_report(predictions, samples)
    files = write_detection_report(report, predictions, samples, tmp_path / "out")
    assert all(path.is_file() for path in files)
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == json.loads(json.dumps(report))
    table = to_markdown(report)
    assert table == (tmp_path / "out" / "report.md").read_text()
    assert "|  | fake | blind |" in table
    assert "| recall / precision, 16 px and more, IoU 0.4 | 1.000 / 0.500 | 0.000 / 1.000 |" in table
    assert "| recall at precision 0.99, 32 px and more, IoU 0.4 |" in table
    assert "| fake, blind | 16 px and more, 0.985 |" in table
    without = write_detection_report(report, predictions, samples, tmp_path / "plain", figures=False)
    assert {path.name for path in without} == {"report.json", "report.md", "precision-recall.png"}


def test_compute_metrics_of_crowds_count_images_with_eight_faces() -> None:
    crowd = dataclasses.replace(
        SAMPLE,
        faces=np.array([(9 * n, 0, 9 * n + 9, 40) for n in range(8)], np.float32),
        landmarks=np.full((8, 5, 2), np.nan, np.float32),
    )
    detected = FakeDetector([Detection(Box(9 * n, 0, 9, 40), 0.9) for n in range(6)])
    predictions = DetectorPredictions(
        "fake", 0.5, tuple(run_detector(detected, [one], 0.5).detections[0] for one in (crowd, SAMPLE))
    )
    found = compute_metrics(predictions, [crowd, SAMPLE])["crowds"]
    assert found["images"] == 1
    assert found[">=16"]["faces"] == 8
    assert found[">=16"]["recall"] == pytest.approx(0.75)
    assert found[">=16"]["recall_at_0.985"] == pytest.approx(0.75)
    assert compute_metrics(run_detector(detected, [], 0.5), [])["crowds"]["images"] == 0
    table = to_markdown(make_report([predictions], [crowd, SAMPLE]))
    assert "| recall at precision 0.985, 1 images with 8 faces or more, 16 px and more | 0.750 |" in table


def test_make_evaluation_detector_returns_the_usual_threshold() -> None:
    for name in ("compact", "haar"):
        detector, threshold = make_evaluation_detector(name)
        assert detector.name == name
        assert 0 < threshold < 1
    with pytest.raises(InputError, match="detector must be one of"):
        make_evaluation_detector("dragon")
    with pytest.raises(InputError, match="does not accept a weights file"):
        make_evaluation_detector("haar", Path("net.onnx"))


def test_yunet_reaches_its_published_metrics(shared: Path) -> None:
    val, weights = shared / "faces" / "val.parquet", shared / "models" / "face_detection_yunet_2023mar.onnx"
    if not (val.is_file() and weights.is_file()):
        pytest.skip(f"no images at {val}, or no weights at {weights}")
    samples = read_detection_samples(val)
    found = compute_metrics(run_detector(YuNetDetector(weights), samples, 0.7), samples)["by_iou"]["0.4"]
    # The README beside the images has them, measured without this package.
    assert (found[">=16"]["recall"], found[">=16"]["precision"]) == pytest.approx((0.900, 0.982), abs=2e-3)
    assert (found[">=32"]["recall"], found[">=32"]["precision"]) == pytest.approx((0.939, 0.977), abs=2e-3)
