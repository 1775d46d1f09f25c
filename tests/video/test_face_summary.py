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


def summarize(rows: list[Row], end: float, frame_times: list[float] | None = None) -> VideoSummary:
    """Summarize the rows of a video whose frames are those with rows if not given."""
    summary = VideoSummary()
    for time in frame_times or sorted({row.time for row in rows}):
        summary.add(time, [row for row in rows if row.time == time])
    summary.finish(end)
    return summary


def test_summary_reports_times_means_and_changes() -> None:
    parts = [(0, 2, Emotion.HAPPY), (2, 3, Emotion.SAD), (3, 3.1, Emotion.FEAR), (3.1, 4, Emotion.SAD)]
    face = summarize(rows(*parts), 4).faces[1]
    assert face.seconds_seen == pytest.approx(4)
    assert (face.first_seen, face.top) == (0, Emotion.HAPPY)
    assert face.seconds_on_top[Emotion.SAD] == pytest.approx(1.9)
    assert face.mean_composition[Emotion.HAPPY] == pytest.approx(0.5 * 0.7 + 0.5 * 0.06)
    # A tenth of a second of fear is flicker.
    assert face.changes == [Change(2.0, Emotion.HAPPY, Emotion.SAD)]
    json.dumps(face.to_dict())


def test_summary_absence_is_not_counted_as_seen() -> None:
    present = rows((0, 1, Emotion.HAPPY), (10, 11, Emotion.HAPPY))
    summary = summarize(present, 11, [n / 20 for n in range(220)])
    assert summary.faces[1].seconds_seen == pytest.approx(2)


@pytest.mark.parametrize("stride", [1, 5, 25, 50, 100, 500])
def test_summary_seen_is_the_length_of_the_video_at_any_stride(stride: int) -> None:
    every = rows((0, 6, Emotion.HAPPY), (6, 12, Emotion.SAD))
    face = summarize(every[::stride], 12).faces[1]
    assert face.seconds_seen == pytest.approx(12)
    assert sum(face.seconds_on_top.values()) == pytest.approx(12)
    assert (face.first_seen, face.last_seen) == (0, every[::stride][-1].time)


def test_summary_counts_each_row_until_the_next_frame_of_a_variable_rate() -> None:
    times = [0.0, 0.1, 0.2, 5.0, 5.1]
    shown = [Row(time, 1, composition_with_top(Emotion.HAPPY)) for time in times]
    assert summarize(shown, 6).faces[1].seconds_seen == pytest.approx(6)
    # Without the face in the frame of 5 s: seen until then, and again from 5.1 s.
    assert summarize([*shown[:3], shown[4]], 6, times).faces[1].seconds_seen == pytest.approx(5.9)


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
        series.add(row.time, [row])
    series.finish(3.5)
    assert [series.faces[track_id].points().ends[-1] for track_id in (1, 4)] == [2.0, 3.5]
    assert sorted(series.faces) == [1, 4]
    assert len(series.faces[4].points().times) == 20
    with pytest.raises(ValueError, match="bin_width must be above 0"):
        TimeSeries(0)
