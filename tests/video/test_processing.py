"""A video file through the analyzer."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.detection.fake_detector import FixedDetector
from mememoji.emotions import Emotion
from mememoji.image_io import read_image
from mememoji.tracking.face_tracking import Follower
from mememoji.video.frame_overlay import Overlay
from mememoji.video.processing import BATCH, Outputs, moments, process_video
from mememoji.video.timeline import read_timeline, take_up
from mememoji.video.video_reader import Frame, VideoReader
from tests.video.conftest import MakeClip


def test_all_outputs(make_clip: MakeClip, analyzer: Analyzer, tmp_path: Path) -> None:
    clip = make_clip(30, (200, 160))
    outputs = Outputs(*(tmp_path / name for name in ("o.mp4", "o.csv", "o.json", "o.png")))
    reached: list[float] = []
    result = process_video(VideoReader(clip), analyzer, outputs, progress=reached.append)
    assert (result.frames, result.ending.complete) == (30, True)
    assert reached == sorted(reached)
    rows = list(read_timeline(tmp_path / "o.csv"))
    assert [row.time for row in rows] == pytest.approx([n / 10 for n in range(30)])
    assert {(row.number, row.composition.top) for row in rows} == {(1, Emotion.HAPPY)}
    told = json.loads((tmp_path / "o.json").read_text())
    (face,) = told["faces"]
    assert face["seconds_seen"] == pytest.approx(3, abs=0.01)
    assert face["mean_composition"]["happy"] == pytest.approx(0.8)
    assert read_image(tmp_path / "o.png").shape[1] > 1000
    drawn = list(VideoReader(tmp_path / "o.mp4"))
    assert len(drawn) == 30
    # The box's edge is there: gold is far from gray.
    assert np.ptp(drawn[10].image[10:50, 20:50].astype(int), axis=2).max() > 60


def test_no_face(make_clip: MakeClip, tmp_path: Path) -> None:
    blind = Analyzer(FixedDetector(), FixedClassifier({"happy": 1.0}))
    result = process_video(
        VideoReader(make_clip(5)), blind, Outputs(timeline=tmp_path / "o.csv", plot=tmp_path / "o.svg")
    )
    assert result.summary.faces == {}
    assert list(read_timeline(tmp_path / "o.csv")) == []
    assert (tmp_path / "o.svg").stat().st_size > 0


def test_every_third_frame_is_analysed_and_all_are_written(
    make_clip: MakeClip, analyzer: Analyzer, tmp_path: Path
) -> None:
    outputs = Outputs(video=tmp_path / "o.mp4", timeline=tmp_path / "o.csv")
    result = process_video(VideoReader(make_clip(20)), analyzer, outputs, every=3, overlay=Overlay(bars=False))
    assert result.frames == 7
    assert [row.time for row in read_timeline(tmp_path / "o.csv")] == pytest.approx([n / 10 for n in range(0, 20, 3)])
    assert len(list(VideoReader(tmp_path / "o.mp4"))) == 20


def test_an_interrupted_timeline_goes_on_to_the_same_rows(
    make_clip: MakeClip, analyzer: Analyzer, tmp_path: Path
) -> None:
    clip = make_clip(30)
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    process_video(VideoReader(clip), analyzer, Outputs(timeline=whole))
    cut.write_text(whole.read_text()[:500])
    last = take_up(cut)
    earlier = list(read_timeline(cut))
    result = process_video(
        VideoReader(clip, start=last[0].time - 0.001), analyzer, Outputs(timeline=cut), earlier=earlier
    )
    rows, expected = list(read_timeline(cut)), list(read_timeline(whole))
    assert [(row.time, row.composition) for row in rows] == [(row.time, row.composition) for row in expected]
    # Who was there before the break cannot be known again: the number is a new one.
    assert {row.number for row in rows} == {1, 2}
    assert sum(face.seen for face in result.summary.faces.values()) == pytest.approx(3, abs=0.01)


def test_frames_are_held_back_for_one_batch_only(make_clip: MakeClip, analyzer: Analyzer) -> None:
    given = 0

    def counted() -> Iterator[Frame]:
        nonlocal given
        for frame in VideoReader(make_clip(40)):
            given += 1
            yield frame

    ahead = [given - number for number, _ in enumerate(moments(counted(), analyzer, Follower()))]
    assert max(ahead) <= BATCH + 1
