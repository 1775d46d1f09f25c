"""The timeline file."""

import io
from pathlib import Path

import pytest

from mememoji.errors import RunError, VideoError
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.tracking.face_tracking import Moment
from mememoji.video.timeline import COLUMNS, TimelineWriter, read_timeline, take_up

HAPPY = Composition((0.0, 0.0, 0.75, 0.0, 0.0, 0.25))


def moment(time: float, *numbers: int) -> Moment:
    faces = tuple(Face(Detection(Box(50 * place, 0, 40, 40)), HAPPY) for place, _ in enumerate(numbers))
    return Moment(time, Analysis(400, 100, faces, "fixed", "fixed"), numbers)


@pytest.fixture
def timeline(tmp_path: Path) -> Path:
    with TimelineWriter(tmp_path / "timeline.csv") as writer:
        for each in (moment(0.0, 1), moment(0.1), moment(0.2, 2, 1)):
            writer.add(each)
    return tmp_path / "timeline.csv"


def test_the_columns() -> None:
    assert COLUMNS == ("time", "face", "angry", "fear", "happy", "sad", "surprise", "neutral")


def test_a_stream_gets_the_columns_and_stays_open() -> None:
    stream = io.StringIO()
    with TimelineWriter(stream) as writer:
        writer.add(moment(1.25, 3))
    assert stream.getvalue() == ",".join(COLUMNS) + "\n1.250,3,0.0000,0.0000,0.7500,0.0000,0.0000,0.2500\n"


def test_what_is_written_is_read(timeline: Path) -> None:
    rows = list(read_timeline(timeline))
    assert [(row.time, row.number) for row in rows] == [(0.0, 1), (0.2, 1), (0.2, 2)]
    assert rows[0].composition == HAPPY


def test_a_row_cut_off_is_left_out_and_one_amid_is_an_error(timeline: Path) -> None:
    text = timeline.read_text()
    timeline.write_text(text[:-5])
    assert len(list(read_timeline(timeline))) == 2
    timeline.write_text(text.replace("0.000,1", "0.000,x"))
    with pytest.raises(VideoError, match="line 2"):
        list(read_timeline(timeline))


def test_what_is_no_timeline(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="cannot be read"):
        list(read_timeline(tmp_path / "missing.csv"))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(VideoError, match="no timeline"):
        take_up(tmp_path / "other.csv")
    with pytest.raises(RunError, match="cannot be written"):
        TimelineWriter(tmp_path / "nowhere" / "timeline.csv")


@pytest.mark.parametrize("cut", [0, 5, 60])
def test_taking_up_drops_the_last_frame(timeline: Path, cut: int) -> None:
    text = timeline.read_text()
    timeline.write_text(text[: len(text) - cut])
    last = take_up(timeline)
    kept = list(read_timeline(timeline))
    if cut < 60:
        assert {row.time for row in last} == {0.2}
        assert [row.time for row in kept] == [0.0]
    assert timeline.read_text().endswith("\n")
    with TimelineWriter(timeline, append=True) as writer:
        writer.add(moment(0.2, 1, 2))
    assert [row.time for row in read_timeline(timeline)] == [*(row.time for row in kept), 0.2, 0.2]


def test_a_moment_has_a_number_for_each_face() -> None:
    analysis = moment(0, 1, 2).analysis
    for numbers in ((1,), (1, 1), (1, 2, 3)):
        with pytest.raises(ValueError, match="2 different numbers"):
            Moment(0, analysis, numbers)
