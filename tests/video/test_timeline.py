"""The timeline file."""

import io
from pathlib import Path

import pytest

from mememoji.errors import RunError, VideoError
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.tracking.face_tracking import TrackedFrame
from mememoji.video.timeline import COLUMNS, TimelineWriter, prepare_resume, read_timeline

HAPPY = Composition((0.0, 0.0, 0.75, 0.0, 0.0, 0.25))


def make_tracked_frame(time: float, *track_ids: int) -> TrackedFrame:
    faces = tuple(Face(Detection(Box(50 * index, 0, 40, 40)), HAPPY) for index, _ in enumerate(track_ids))
    return TrackedFrame(time, Analysis(400, 100, faces, "fake", "fake"), track_ids)


@pytest.fixture
def timeline(tmp_path: Path) -> Path:
    with TimelineWriter(tmp_path / "timeline.csv") as writer:
        for each in (make_tracked_frame(0.0, 1), make_tracked_frame(0.1), make_tracked_frame(0.2, 2, 1)):
            writer.add(each)
    return tmp_path / "timeline.csv"


def test_columns_are_time_face_and_emotions() -> None:
    assert COLUMNS == ("time", "face", "angry", "fear", "happy", "sad", "surprise", "neutral")


def test_timeline_writer_stream_stays_open() -> None:
    stream = io.StringIO()
    with TimelineWriter(stream) as writer:
        writer.add(make_tracked_frame(1.25, 3))
    assert stream.getvalue() == ",".join(COLUMNS) + "\n1.250,3,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500\n"


def test_read_timeline_returns_the_written_rows(timeline: Path) -> None:
    rows = list(read_timeline(timeline))
    assert [(row.time, row.track_id) for row in rows] == [(0.0, 1), (0.2, 1), (0.2, 2)]
    assert rows[0].composition == HAPPY


def test_read_timeline_ignores_an_incomplete_last_row_only(timeline: Path) -> None:
    text = timeline.read_text()
    timeline.write_text(text[:-5])
    assert len(list(read_timeline(timeline))) == 2
    timeline.write_text(text.replace("0.000,1", "0.000,x"))
    with pytest.raises(VideoError, match="line 2"):
        list(read_timeline(timeline))


def test_timeline_invalid_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="cannot be read"):
        list(read_timeline(tmp_path / "missing.csv"))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(VideoError, match="must be a timeline"):
        prepare_resume(tmp_path / "other.csv")
    with pytest.raises(RunError, match="cannot be written"):
        TimelineWriter(tmp_path / "nowhere" / "timeline.csv")


@pytest.mark.parametrize("cut", [0, 5, 60])
def test_prepare_resume_removes_the_last_frame(timeline: Path, cut: int) -> None:
    text = timeline.read_text()
    timeline.write_text(text[: len(text) - cut])
    last = prepare_resume(timeline)
    kept = list(read_timeline(timeline))
    if cut < 60:
        assert {row.time for row in last} == {0.2}
        assert [row.time for row in kept] == [0.0]
    assert timeline.read_text().endswith("\n")
    with TimelineWriter(timeline, append=True) as writer:
        writer.add(make_tracked_frame(0.2, 1, 2))
    assert [row.time for row in read_timeline(timeline)] == [*(row.time for row in kept), 0.2, 0.2]


def test_tracked_frame_needs_one_track_id_for_each_face() -> None:
    analysis = make_tracked_frame(0, 1, 2).analysis
    for track_ids in ((1,), (1, 1), (1, 2, 3)):
        with pytest.raises(ValueError, match="track_ids must be 2 distinct numbers"):
            TrackedFrame(0, analysis, track_ids)
