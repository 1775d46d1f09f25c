"""What each face showed, and the courses that plots draw."""

import json

import numpy as np
import pytest

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from mememoji.video.face_summary import Change, Summary
from mememoji.video.time_series import Curve, Curves
from mememoji.video.timeline import Row


def mostly(emotion: Emotion) -> Composition:
    return Composition.of([0.7 if each is emotion else 0.06 for each in EMOTIONS])


def rows(*parts: tuple[float, float, Emotion], number: int = 1, rate: int = 20) -> list[Row]:
    """From, to, emotion."""
    return [
        Row(n / rate, number, mostly(emotion))
        for start, end, emotion in parts
        for n in range(round(start * rate), round(end * rate))
    ]


def test_times_means_and_changes() -> None:
    summary = Summary(1 / 20)
    for row in rows((0, 2, Emotion.HAPPY), (2, 3, Emotion.SAD), (3, 3.1, Emotion.FEAR), (3.1, 4, Emotion.SAD)):
        summary.add(row)
    face = summary.faces[1]
    assert face.seen == pytest.approx(4)
    assert (face.first, face.top) == (0, Emotion.HAPPY)
    assert face.time_on_top[Emotion.SAD] == pytest.approx(1.9)
    assert face.mean[Emotion.HAPPY] == pytest.approx(0.5 * 0.7 + 0.5 * 0.06)
    # A tenth of a second of fear is flicker.
    assert face.changes == [Change(2.0, Emotion.HAPPY, Emotion.SAD)]
    json.dumps(face.to_dict())


def test_an_absence_is_no_time_seen() -> None:
    summary = Summary(1 / 20)
    for row in rows((0, 1, Emotion.HAPPY), (10, 11, Emotion.HAPPY)):
        summary.add(row)
    assert summary.faces[1].seen == pytest.approx(2)


def test_a_curve_keeps_its_course_in_bounded_memory() -> None:
    curve = Curve(0.05, most=50)
    for row in rows((0, 30, Emotion.HAPPY), (30, 60, Emotion.ANGRY)):
        curve.add(row)
    points = curve.points()
    assert 25 <= len(points.times) <= 50
    assert (np.diff(points.times) > 0).all()
    np.testing.assert_allclose(points.compositions.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(points.compositions[points.times < 28, 2], 0.7)
    np.testing.assert_allclose(points.compositions[points.times > 32, 0], 0.7)


def test_curves_by_face() -> None:
    curves = Curves(0.05)
    for row in [*rows((0, 1, Emotion.SAD)), *rows((2, 3, Emotion.FEAR), number=4)]:
        curves.add(row)
    assert sorted(curves.faces) == [1, 4]
    assert len(curves.faces[4].points().times) == 20
    with pytest.raises(ValueError, match="some width"):
        Curve(0)
