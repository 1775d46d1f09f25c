"""A detector's figures on images made by the test."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mememoji.datasets.detection_images import Photograph, read_photographs
from mememoji.detection.fake_detector import FixedDetector
from mememoji.detection.yunet import YuNetDetector
from mememoji.errors import InputError
from mememoji.evaluation.detection.detection_metrics import Judged, alarms_of, figures, look, misses_of
from mememoji.evaluation.detection.detection_report import report_on, to_markdown, write_report
from mememoji.evaluation.detection.open_detectors import open_detector
from mememoji.results import Box, Detection, Landmarks
from tests.drawn_faces import drawn

PHOTOGRAPH = drawn(3, faces=1)
EMPTY = drawn(4, faces=0)


def labelled(confidence: float, shift: float = 0.0) -> Detection:
    left, top, right, bottom = (round(float(value)) for value in PHOTOGRAPH.faces[0])
    points: Landmarks = tuple((float(x) + shift, float(y)) for x, y in PHOTOGRAPH.landmarks[0])
    return Detection(Box(left, top, right - left, bottom - top), confidence, points)


def test_no_photographs_give_no_faces() -> None:
    found = figures(look(FixedDetector(), [], 0.5), [])
    assert found["by_iou"]["0.4"][">=16"]["faces"] == 0
    assert found["landmark_error"] is None


def test_a_detector_that_is_right_has_full_marks() -> None:
    judged = look(FixedDetector([labelled(0.9)]), [PHOTOGRAPH], 0.5)
    found = figures(judged, [PHOTOGRAPH])
    for iou in ("0.4", "0.5"):
        assert found["by_iou"][iou][">=16"]["recall"] == 1.0
        assert found["by_iou"][iou][">=16"]["average_precision"] == pytest.approx(1.0)
        assert found["by_iou"][iou]["8-16"]["faces"] == 0
    assert found["landmark_error"] == pytest.approx(0.0, abs=1e-6)
    assert found["landmark_faces"] == 1


def test_landmark_errors_are_parts_of_the_eyes_distance() -> None:
    eyes = float(np.linalg.norm(PHOTOGRAPH.landmarks[0, 0] - PHOTOGRAPH.landmarks[0, 1]))
    judged = look(FixedDetector([labelled(0.9, shift=0.1 * eyes)]), [PHOTOGRAPH], 0.5)
    assert figures(judged, [PHOTOGRAPH])["landmark_error"] == pytest.approx(0.1, abs=1e-3)


def test_a_face_turned_away_counts_for_the_mean_and_not_among_the_frontal_ones() -> None:
    def photograph(eyes: float) -> Photograph:
        """With eyes so far apart, in parts of the face's width."""
        left, _, right, _ = PHOTOGRAPH.faces[0]
        points = PHOTOGRAPH.landmarks.copy()
        points[0, :2, 1] = points[0, :2, 1].mean()
        points[0, :2, 0] = (left + right) / 2 + np.array((-0.5, 0.5)) * eyes * (right - left)
        return dataclasses.replace(PHOTOGRAPH, landmarks=points)

    def off(photograph: Photograph, error: float) -> Detection:
        eyes = np.linalg.norm(photograph.landmarks[0, 1] - photograph.landmarks[0, 0])
        points = photograph.landmarks[0] + (error * eyes, 0)
        return dataclasses.replace(labelled(0.9), landmarks=tuple((float(x), float(y)) for x, y in points))

    photographs = [photograph(0.5), photograph(0.5), photograph(0.3)]
    errors = (0.05, 0.15, 0.7)
    sightings = [
        look(FixedDetector([off(one, error)]), [one], 0.5).sightings[0]
        for one, error in zip(photographs, errors, strict=True)
    ]
    found = figures(Judged("fixed", 0.5, tuple(sightings)), photographs)
    assert found["landmark_error"] == pytest.approx(0.3, abs=1e-3)
    assert found["landmark_median"] == pytest.approx(0.15, abs=1e-3)
    assert (found["landmark_faces"], found["frontal_landmark_faces"]) == (3, 2)
    assert found["frontal_landmark_error"] == pytest.approx(0.1, abs=1e-3)


def test_below_its_threshold_a_face_is_missed() -> None:
    judged = look(FixedDetector([labelled(0.4)]), [PHOTOGRAPH], 0.5)
    found = figures(judged, [PHOTOGRAPH])
    assert found["by_iou"]["0.4"][">=16"]["recall"] == 0.0
    assert found["by_iou"]["0.4"][">=16"]["average_precision"] == pytest.approx(1.0)
    assert len(misses_of(judged.sightings[0].above(0.5), PHOTOGRAPH)) == 1
    assert len(misses_of(judged.sightings[0], PHOTOGRAPH)) == 0


def test_what_is_seen_where_no_face_is_is_a_false_alarm() -> None:
    seen = [Detection(Box(10, 10, 30, 30), 0.9), Detection(Box(60, 60, 10, 10), 0.8)]
    judged = look(FixedDetector(seen), [EMPTY, EMPTY], 0.5)
    assert len(alarms_of(judged.sightings[0], EMPTY).scores) == 1  # the other is too small to count
    alarms = figures(judged, [EMPTY, EMPTY])["false_alarms"]
    assert alarms == {"animals": {"photographs": 0, "per_100": 0.0}, "faceless": {"photographs": 2, "per_100": 100.0}}


def test_the_report_holds_all_detectors_side_by_side(tmp_path: Path) -> None:
    photographs = [PHOTOGRAPH, EMPTY]
    right, blind = FixedDetector([labelled(0.9)]), FixedDetector()
    blind.name = "blind"
    judged = [look(right, photographs, 0.5), look(blind, photographs, 0.5)]
    report = report_on(judged, photographs)
    files = write_report(report, judged, photographs, tmp_path / "out")
    assert all(path.is_file() for path in files)
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == json.loads(json.dumps(report))
    table = to_markdown(report)
    assert table == (tmp_path / "out" / "report.md").read_text()
    assert "| | fixed | blind |" in table
    assert "| recall / precision, 16 px and more, IoU 0.4 | 1.000 / 0.500 | 0.000 / 1.000 |" in table
    assert "| recall at precision 0.99, 32 px and more, IoU 0.4 |" in table
    assert "| fixed, blind | 16 px and more, 0.985 |" in table
    without = write_report(report, judged, photographs, tmp_path / "plain", pictures=False)
    assert {path.name for path in without} == {"report.json", "report.md", "curves.png"}


def test_figures_of_crowds_count_only_images_with_eight_faces() -> None:
    crowd = dataclasses.replace(
        PHOTOGRAPH,
        faces=np.array([(9 * n, 0, 9 * n + 9, 40) for n in range(8)], np.float32),
        landmarks=np.full((8, 5, 2), np.nan, np.float32),
    )
    seen = FixedDetector([Detection(Box(9 * n, 0, 9, 40), 0.9) for n in range(6)])
    judged = Judged("fixed", 0.5, tuple(look(seen, [one], 0.5).sightings[0] for one in (crowd, PHOTOGRAPH)))
    found = figures(judged, [crowd, PHOTOGRAPH])["crowds"]
    assert found["photographs"] == 1
    assert found[">=16"]["faces"] == 8
    assert found[">=16"]["recall"] == pytest.approx(0.75)
    assert found[">=16"]["recall_at_0.985"] == pytest.approx(0.75)
    assert figures(look(seen, [], 0.5), [])["crowds"]["photographs"] == 0
    table = to_markdown(report_on([judged], [crowd, PHOTOGRAPH]))
    assert "| recall at precision 0.985, 1 images with 8 faces or more, 16 px and more | 0.750 |" in table


def test_detectors_are_opened_below_their_thresholds() -> None:
    for name in ("compact", "haar"):
        detector, threshold = open_detector(name)
        assert detector.name == name
        assert 0 < threshold < 1
    with pytest.raises(InputError, match="expected a detector"):
        open_detector("dragon")
    with pytest.raises(InputError, match="has no weights file"):
        open_detector("haar", Path("net.onnx"))


def test_yunets_published_figures_are_found_again(shared: Path) -> None:
    val, weights = shared / "faces" / "val.parquet", shared / "models" / "face_detection_yunet_2023mar.onnx"
    if not (val.is_file() and weights.is_file()):
        pytest.skip(f"no images at {val}, or no weights at {weights}")
    photographs = read_photographs(val)
    found = figures(look(YuNetDetector(weights), photographs, 0.7), photographs)["by_iou"]["0.4"]
    # The README beside the images has them, measured without this package.
    assert (found[">=16"]["recall"], found[">=16"]["precision"]) == pytest.approx((0.900, 0.982), abs=2e-3)
    assert (found[">=32"]["recall"], found[">=32"]["precision"]) == pytest.approx((0.939, 0.977), abs=2e-3)
