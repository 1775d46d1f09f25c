"""Paired comparison of detectors on labeled faces made by the test."""

import numpy as np
import pytest

from mememoji.detection.fake_detector import FixedDetector
from mememoji.evaluation.detection.detection_metrics import Judged, look
from mememoji.evaluation.detection.detection_pairs import compare_pair, faces_found
from mememoji.results import Box, Detection
from tests.drawn_faces import drawn

PHOTOGRAPHS = [drawn(number, faces=2) for number in range(5)]


def judge(name: str, found: list[tuple[bool, bool]], confidence: float = 0.9) -> Judged:
    """Make a detector that finds exactly the marked faces of each image."""
    sightings = []
    for photograph, marks in zip(PHOTOGRAPHS, found, strict=True):
        boxes = [Box.inside(tuple(face), (96, 96)) for face, mark in zip(photograph.faces, marks, strict=True) if mark]
        detector = FixedDetector([Detection(box, confidence) for box in boxes if box is not None])
        sightings.append(look(detector, [photograph], 0.5).sightings[0])
    return Judged(name, 0.5, tuple(sightings))


def test_faces_found_without_images_is_empty() -> None:
    assert faces_found(Judged("none", 0.5, ()), [], 0.5, heights=">=16").shape == (0,)


def test_faces_found_marks_faces_in_their_order() -> None:
    judged = judge("half", [(True, False)] * 5)
    np.testing.assert_array_equal(faces_found(judged, PHOTOGRAPHS, 0.5, heights=">=16"), [True, False] * 5)
    assert not faces_found(judged, PHOTOGRAPHS, 0.95, heights=">=16").any()


def test_compare_pair_counts_faces_that_one_alone_finds() -> None:
    both, half = judge("all", [(True, True)] * 5), judge("half", [(True, False)] * 5, confidence=0.3)
    found = compare_pair(both, half, PHOTOGRAPHS)[">=16"]
    assert found["recall"] == pytest.approx([1.0, 0.5])
    assert (found["only_first"], found["only_second"]) == (5, 0)
    assert found["p"] == pytest.approx(2 / 2**5)
    same = compare_pair(both, both, PHOTOGRAPHS)[">=32"]
    assert (same["only_first"], same["only_second"], same["p"]) == (0, 0, 1.0)


def test_compare_pair_takes_thresholds_at_one_precision() -> None:
    """A false alarm that is surer than half of the faces ends what counts before it."""
    wrong = Detection(Box(0, 0, 20, 20), 0.8)
    seen = judge("sure", [(True, True)] * 5)
    clean = drawn(9, faces=0)
    photographs = [*PHOTOGRAPHS, clean]
    alarm = look(FixedDetector([wrong]), [clean], 0.5).sightings[0]
    quiet = look(FixedDetector(), [clean], 0.5).sightings[0]
    before = Judged("sure", 0.5, (*seen.sightings, alarm))
    unsure = Judged("unsure", 0.5, (*judge("unsure", [(True, True)] * 5, 0.5).sightings, alarm))
    assert compare_pair(before, Judged("q", 0.5, (*seen.sightings, quiet)), photographs)[">=16"]["recall"] == [1.0, 1.0]
    found = compare_pair(before, unsure, photographs)[">=16"]
    assert found["recall"] == [1.0, 0.0]
    assert found["only_first"] == 10
