"""Processing of a video file."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.detection.fake_detector import FakeDetector
from mememoji.emotions import Emotion
from mememoji.errors import InputError
from mememoji.image_io import read_image
from mememoji.tracking.face_tracking import FaceTracking
from mememoji.video.frame_overlay import Overlay
from mememoji.video.processing import BATCH_SIZE, OutputPaths, process_video, track_frames
from mememoji.video.timeline import prepare_resume, read_timeline
from mememoji.video.video_reader import Frame, VideoReader
from tests.video.conftest import MakeClip


def test_process_video_writes_all_outputs(make_clip: MakeClip, analyzer: Analyzer, tmp_path: Path) -> None:
    clip = make_clip(30, (200, 160))
    outputs = OutputPaths(*(tmp_path / name for name in ("o.mp4", "o.csv", "o.json", "o.png")))
    reached: list[float] = []
    result = process_video(VideoReader(clip), analyzer, outputs, progress=reached.append)
    assert (result.num_frames, result.end_of_stream.complete) == (30, True)
    assert reached == sorted(reached)
    rows = list(read_timeline(tmp_path / "o.csv"))
    assert [row.time for row in rows] == pytest.approx([n / 10 for n in range(30)])
    assert {(row.track_id, row.composition.top) for row in rows} == {(1, Emotion.HAPPY)}
    summary = json.loads((tmp_path / "o.json").read_text())
    (face,) = summary["faces"]
    assert face["seconds_seen"] == pytest.approx(3, abs=0.01)
    assert face["mean_composition"]["happy"] == pytest.approx(0.8)
    assert read_image(tmp_path / "o.png").shape[1] > 1000
    drawn = list(VideoReader(tmp_path / "o.mp4"))
    assert len(drawn) == 30
    # The edge of the box is drawn: gold is far from gray.
    assert np.ptp(drawn[10].image[10:50, 20:50].astype(int), axis=2).max() > 60


def test_process_video_without_faces_writes_empty_outputs(make_clip: MakeClip, tmp_path: Path) -> None:
    analyzer = Analyzer(FakeDetector(), FakeClassifier({"happy": 1.0}))
    result = process_video(
        VideoReader(make_clip(5)), analyzer, OutputPaths(timeline=tmp_path / "o.csv", plot=tmp_path / "o.svg")
    )
    assert result.summary.faces == {}
    assert list(read_timeline(tmp_path / "o.csv")) == []
    assert (tmp_path / "o.svg").stat().st_size > 0


def test_process_video_with_frame_stride_writes_all_frames(
    make_clip: MakeClip, analyzer: Analyzer, tmp_path: Path
) -> None:
    outputs = OutputPaths(video=tmp_path / "o.mp4", timeline=tmp_path / "o.csv")
    result = process_video(VideoReader(make_clip(20)), analyzer, outputs, frame_stride=3, overlay=Overlay(bars=False))
    assert result.num_frames == 7
    assert [row.time for row in read_timeline(tmp_path / "o.csv")] == pytest.approx([n / 10 for n in range(0, 20, 3)])
    assert len(list(VideoReader(tmp_path / "o.mp4"))) == 20


@pytest.mark.parametrize("frame_stride", [1, 7, 25, 50])
def test_process_video_at_any_stride_keeps_the_person_and_the_time(
    make_clip: MakeClip, analyzer: Analyzer, frame_stride: int
) -> None:
    # Six seconds; with the last stride the only two analyzed frames are five seconds apart.
    reader = VideoReader(make_clip(60), frame_stride=frame_stride)
    (face,) = process_video(reader, analyzer, OutputPaths()).summary.faces.values()
    assert face.seconds_seen == pytest.approx(6)
    assert (face.first_seen, face.last_seen) == pytest.approx((0, 59 // frame_stride * frame_stride / 10))


def test_process_video_output_that_is_the_video_is_refused(make_clip: MakeClip, analyzer: Analyzer) -> None:
    clip = make_clip(5)
    content = clip.read_bytes()
    with pytest.raises(InputError, match=r"the timeline .* and the video .* must be different files"):
        process_video(VideoReader(clip), analyzer, OutputPaths(timeline=clip))
    assert clip.read_bytes() == content


def test_process_video_resumed_timeline_has_the_same_rows(
    make_clip: MakeClip, analyzer: Analyzer, tmp_path: Path
) -> None:
    clip = make_clip(30)
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    process_video(VideoReader(clip), analyzer, OutputPaths(timeline=whole))
    cut.write_text(whole.read_text()[:500])
    last = prepare_resume(cut)
    previous_rows = list(read_timeline(cut))
    result = process_video(
        VideoReader(clip, start=last[0].time - 0.001), analyzer, OutputPaths(timeline=cut), previous_rows=previous_rows
    )
    rows, expected = list(read_timeline(cut)), list(read_timeline(whole))
    assert [(row.time, row.composition) for row in rows] == [(row.time, row.composition) for row in expected]
    # Nobody is recognized after the interruption: the face gets a new track ID.
    assert {row.track_id for row in rows} == {1, 2}
    assert sum(face.seconds_seen for face in result.summary.faces.values()) == pytest.approx(3, abs=0.01)


def test_track_frames_buffers_at_most_one_batch(make_clip: MakeClip, analyzer: Analyzer) -> None:
    num_read = 0

    def count_frames() -> Iterator[Frame]:
        nonlocal num_read
        for frame in VideoReader(make_clip(40)):
            num_read += 1
            yield frame

    ahead = [num_read - index for index, _ in enumerate(track_frames(count_frames(), analyzer, FaceTracking()))]
    assert max(ahead) <= BATCH_SIZE + 1
