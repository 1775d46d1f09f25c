"""The summary of each face, and the time series that plots draw."""

import json

import numpy as np
import pytest

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from mememoji.video.face_summary import Change, VideoSummary
from mememoji.video.time_series import FaceTimeSeries, TimeSeries
from mememoji.video.timeline import Row


def composition_with_top(emotion: Emotion) -> Composition:
    return Composition.from_fractions([0.7 if each is emotion else 0.06 for each in EMOTIONS])


def rows(*parts: tuple[float, float, Emotion], track_id: int = 1, fps: int = 20) -> list[Row]:
    """Rows for parts of a video, each given as start, end and top emotion."""
    return [
        Row(n / fps, track_id, composition_with_top(emotion))
        for start, end, emotion in parts
        for n in range(round(start * fps), round(end * fps))
    ]


def test_summary_reports_times_means_and_changes() -> None:
    summary = VideoSummary(1 / 20)
    for row in rows((0, 2, Emotion.HAPPY), (2, 3, Emotion.SAD), (3, 3.1, Emotion.FEAR), (3.1, 4, Emotion.SAD)):
        summary.add(row)
    face = summary.faces[1]
    assert face.seconds_seen == pytest.approx(4)
    assert (face.first_seen, face.top) == (0, Emotion.HAPPY)
    assert face.seconds_on_top[Emotion.SAD] == pytest.approx(1.9)
    assert face.mean_composition[Emotion.HAPPY] == pytest.approx(0.5 * 0.7 + 0.5 * 0.06)
    # A tenth of a second of fear is flicker.
    assert face.changes == [Change(2.0, Emotion.HAPPY, Emotion.SAD)]
    json.dumps(face.to_dict())


def test_summary_absence_is_not_counted_as_seen() -> None:
    summary = VideoSummary(1 / 20)
    for row in rows((0, 1, Emotion.HAPPY), (10, 11, Emotion.HAPPY)):
        summary.add(row)
    assert summary.faces[1].seconds_seen == pytest.approx(2)


def test_time_series_long_video_stays_bounded() -> None:
    series = TimeSeries(0.05, max_points=50)
    for row in rows((0, 30, Emotion.HAPPY), (30, 60, Emotion.ANGRY)):
        series.add(row)
    points = series.points()
    assert 25 <= len(points.times) <= 50
    assert (np.diff(points.times) > 0).all()
    np.testing.assert_allclose(points.compositions.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(points.compositions[points.times < 28, 2], 0.7)
    np.testing.assert_allclose(points.compositions[points.times > 32, 0], 0.7)


def test_face_time_series_are_kept_by_track_id() -> None:
    series = FaceTimeSeries(0.05)
    for row in [*rows((0, 1, Emotion.SAD)), *rows((2, 3, Emotion.FEAR), track_id=4)]:
        series.add(row)
    assert sorted(series.faces) == [1, 4]
    assert len(series.faces[4].points().times) == 20
    with pytest.raises(ValueError, match="bin_width must be above 0"):
        TimeSeries(0)
