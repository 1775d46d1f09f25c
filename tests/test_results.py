"""Boxes, compositions, detections, faces, analyses."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.landmarks import LANDMARK_NAMES, roll_from_landmarks
from mememoji.results import Analysis, Box, Composition, Detection, Face

MIXED = Composition((0.1, 0.2, 0.3, 0.15, 0.05, 0.2))
POINTS = ((10.0, 12.5), (20.0, 12.5), (15.0, 18.0), (11.0, 24.0), (19.0, 24.0))

BOXES = st.builds(Box, st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50))
COORDINATES = st.floats(-1e4, 1e4)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ((0, 0, 0, 0), ValueError),
        ((-1, 0, 1, 1), ValueError),
        ((0, -1, 1, 1), ValueError),
        ((0, 0, 1, 0), ValueError),
        ((0.0, 0, 1, 1), TypeError),
        ((0, 0, np.int64(1), 1), TypeError),
        ((0, 0, True, 1), TypeError),
    ],
)
def test_invalid_box_raises(values: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error, match="got"):
        Box(*values)


@pytest.mark.parametrize(
    ("xyxy", "expected"),
    [
        ((5, 5, 5, 5), None),  # empty
        ((-9, -9, 0, 0), None),
        ((100, 0, 120, 20), None),
        ((math.nan, 0, 9, 9), None),
        ((0, 0, math.inf, 9), None),
        ((1.4, 1.6, 9.6, 10.4), Box(1, 2, 9, 8)),
        ((-5, -5, 200, 200), Box(0, 0, 100, 80)),
        (np.array([90, 70, 110, 90], np.float32), Box(90, 70, 10, 10)),
    ],
)
def test_from_xyxy_clips_at_the_edges(xyxy: Any, expected: Box | None) -> None:
    assert Box.from_xyxy(xyxy, (100, 80)) == expected


@settings(max_examples=50)
@given(st.tuples(COORDINATES, COORDINATES, COORDINATES, COORDINATES), st.integers(1, 500), st.integers(1, 500))
def test_from_xyxy_is_inside_the_image(xyxy: tuple[float, ...], width: int, height: int) -> None:
    box = Box.from_xyxy(xyxy, (width, height))
    if box is not None:
        left, top, right, bottom = box.xyxy
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_from_xyxy_of_three_numbers_raises() -> None:
    with pytest.raises(ValueError, match="got 3"):
        Box.from_xyxy((1, 2, 3), (10, 10))


@settings(max_examples=50)
@given(BOXES, BOXES)
def test_iou_is_symmetric_and_in_range(one: Box, other: Box) -> None:
    iou = one.iou(other)
    assert 0.0 <= iou <= 1.0
    assert iou == other.iou(one)
    assert (iou == 1.0) == (one == other)


def test_iou_of_half_overlap() -> None:
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 10, 10)) == 0


@pytest.mark.parametrize(
    "fractions",
    [
        (),
        (1.0,),
        (0.0,) * 6,
        (0.5, 0.5, 0.5, 0.0, 0.0, 0.0),
        (-0.2, 0.2, 1.0, 0.0, 0.0, 0.0),
        (math.nan, 0.0, 1.0, 0.0, 0.0, 0.0),
    ],
)
def test_invalid_composition_raises(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="got"):
        Composition(fractions)


def test_composition_is_a_mapping_in_order() -> None:
    assert list(MIXED) == list(EMOTIONS)
    assert MIXED[Emotion.FEAR] == MIXED["fear"] == 0.2
    assert "happy" in MIXED
    assert MIXED.to_dict() == dict(zip([e.value for e in EMOTIONS], MIXED.fractions, strict=True))


def test_rank_keeps_the_order_of_ties() -> None:
    assert [emotion.value for emotion, _ in MIXED.rank()] == ["happy", "fear", "neutral", "sad", "angry", "surprise"]
    assert MIXED.top is Emotion.HAPPY


def test_from_fractions_converts_to_plain_floats() -> None:
    composition = Composition.from_fractions(list(np.full(6, 1 / 6, np.float32)))
    assert {type(fraction) for fraction in composition.fractions} == {float}


@pytest.mark.parametrize("confidence", [-0.1, 1.1, math.nan])
def test_confidence_out_of_range_raises(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence must be in"):
        Detection(Box(0, 0, 1, 1), confidence)


@pytest.mark.parametrize("points", [(), POINTS[:4], ((1.0,),) * 5, ((math.nan, 0.0),) * 5])
def test_invalid_landmarks_raise(points: Any) -> None:
    with pytest.raises(ValueError, match="landmarks must be"):
        Detection(Box(0, 0, 1, 1), landmarks=points)


def test_face_score_out_of_range_raises() -> None:
    with pytest.raises(ValueError, match="face_score must be in"):
        Face(Detection(Box(0, 0, 1, 1)), MIXED, 1.5)


def test_face_has_the_properties_of_its_detection() -> None:
    detection = Detection(Box(1, 2, 30, 40), 0.9, POINTS)
    face = Face(detection, MIXED, 0.8)
    assert (face.box, face.confidence, face.landmarks) == (detection.box, 0.9, POINTS)
    assert face.top is Emotion.HAPPY


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, 0), (30, 42), (31, 41)])
def test_analysis_with_a_box_outside_the_image_raises(width: int, height: int) -> None:
    face = Face(Detection(Box(1, 2, 30, 40)), MIXED)
    with pytest.raises(ValueError, match="got"):
        Analysis(width, height, (face,), "fake", "fake")


def test_analysis_without_faces_is_json() -> None:
    analysis = Analysis(4, 3, (), "haar", "net")
    assert json.loads(json.dumps(analysis.to_dict())) == {
        "width": 4,
        "height": 3,
        "detector": "haar",
        "model": "net",
        "warnings": [],
        "faces": [],
    }


def test_analysis_is_json() -> None:
    faces = (Face(Detection(Box(1, 2, 30, 40), 0.9, POINTS), MIXED, 0.8), Face(Detection(Box(0, 0, 5, 5)), MIXED))
    first, second = json.loads(json.dumps(Analysis(31, 42, faces, "yunet", "net").to_dict()))["faces"]
    assert first["index"] == 0
    assert first["box"] == {"x": 1, "y": 2, "width": 30, "height": 40}
    assert list(first["landmarks"]) == list(LANDMARK_NAMES)
    assert first["landmarks"]["nose_tip"] == [15.0, 18.0]
    assert first["composition"]["happy"] == 0.3
    assert (first["top"], first["confidence"], first["face_likeness"]) == ("happy", 0.9, 0.8)
    assert second["index"] == 1
    assert (second["landmarks"], second["confidence"], second["face_likeness"]) == (None, None, None)


UPRIGHT = (-10 - 10j, 10 - 10j, 0j, -7 + 10j, 7 + 10j)


@pytest.mark.parametrize("degrees", [0, 20, -45, 90, 170])
@pytest.mark.parametrize("yaw", [1.0, 0.2])
def test_roll_from_landmarks_is_the_rotation(degrees: float, yaw: float) -> None:
    rotation = complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    points = [complex(point.real * yaw, point.imag) * rotation for point in UPRIGHT]
    assert roll_from_landmarks([(point.real, point.imag) for point in points]) == pytest.approx(degrees, abs=1e-3)


def test_roll_of_a_profile_follows_the_line_from_eyes_to_mouth() -> None:
    profile = ((48.0, 40.0), (52.0, 44.0), (44.0, 50.0), (48.0, 60.0), (52.0, 64.0))
    assert abs(roll_from_landmarks(profile)) < 15  # the eyes alone give 45


def test_roll_without_distinct_landmarks_is_zero() -> None:
    assert roll_from_landmarks(None) == 0.0
    assert roll_from_landmarks(((1.0, 1.0),) * 5) == 0.0
