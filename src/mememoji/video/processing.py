"""A video file through the analyzer: an annotated copy, a timeline, a summary, a plot."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mememoji.analyzer import Analyzer
from mememoji.errors import RunError
from mememoji.tracking.face_tracking import Follower, Moment
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.face_summary import Summary
from mememoji.video.frame_overlay import Overlay
from mememoji.video.time_series import Curves
from mememoji.video.timeline import Row, TimelineWriter, rows_of
from mememoji.video.timeline_plot import draw_plot
from mememoji.video.video_encoder import Sound, VideoEncoder
from mememoji.video.video_reader import Ending, Frame, VideoReader

BATCH: Final = 8
"""So many frames' faces go through the network together, of frames of usual size."""

_BATCH_PIXELS: Final = 24_000_000


@dataclass(frozen=True, slots=True)
class Outputs:
    """What to write, each a path or None: an MP4 file, a CSV timeline, a JSON summary, a plot."""

    video: Path | None = None
    timeline: Path | None = None
    summary: Path | None = None
    plot: Path | None = None


@dataclass(frozen=True, slots=True)
class VideoResult:
    """What came of a video.

    Attributes:
        frames: how many were analyzed.
        ending: how reading ended.
        summary: of all faces.
        ffmpeg: whether a video was written by ffmpeg, in H.264 and with sound, rather than by OpenCV.
    """

    frames: int
    ending: Ending
    summary: Summary
    ffmpeg: bool


def moments(
    frames: Iterable[Frame], analyzer: Analyzer, follower: Follower, *, batch: int = BATCH, every: int = 1
) -> Iterator[tuple[Frame, Moment | None]]:
    """Follow the faces through frames; of every `every` frames the first is analyzed, the others come with None.

    Frames are held back until `batch` of them are analyzed together: never more than batch * every.
    """
    waiting: list[Frame] = []
    for number, frame in enumerate(frames):
        if number % (every * batch) == 0 and waiting:
            yield from _analysed(waiting, analyzer, follower, every)
            waiting = []
        waiting.append(frame)
    yield from _analysed(waiting, analyzer, follower, every)


def _analysed(
    frames: list[Frame], analyzer: Analyzer, follower: Follower, every: int
) -> Iterator[tuple[Frame, Moment | None]]:
    analyses = iter(analyzer.analyze_arrays([frame.image for frame in frames[::every]]))
    for place, frame in enumerate(frames):
        yield frame, follower.follow(frame.time, next(analyses)) if place % every == 0 else None


def process_video(
    reader: VideoReader,
    analyzer: Analyzer,
    outputs: Outputs,
    *,
    every: int = 1,
    smoothing: float = DEFAULT_SMOOTHING,
    overlay: Overlay | None = None,
    sound: bool = True,
    earlier: Iterable[Row] | None = None,
    progress: Callable[[float], object] | None = None,
) -> VideoResult:
    """Read a video to its end and write what is asked for.

    Memory does not grow with the video's length, but for a little with each face and each change of its emotion.

    Args:
        reader: the file; it gives every frame where a video is written, whatever `every`.
        analyzer: reads the faces.
        outputs: what to write.
        every: of so many of the reader's frames the first is analyzed; a written video shows its faces on the others.
        smoothing: the compositions' time constant in seconds; 0 leaves them as the network gives them.
        overlay: what is drawn into the video; None draws boxes and bars.
        sound: take the file's sound over into the written video, where there is ffmpeg.
        earlier: rows of a timeline that is gone on with; the summary and the plot hold them too.
        progress: is called with the time of each frame, in seconds.

    Raises:
        VideoError: not one frame can be read.
        RunError: something cannot be written.
        MissingExtraError: a plot is asked for without matplotlib.
    """
    interval = reader.interval * every
    summary, curves, follower = Summary(interval), Curves(interval), Follower(smoothing)
    begin = reader.start
    for row in earlier or ():
        summary.add(row)
        curves.add(row)
        begin = min(begin, row.time)
    follower.tracker.start_at(max(summary.faces, default=0) + 1)
    analysed = 0
    with ExitStack() as stack:
        timeline = encoder = None
        if outputs.timeline is not None:
            timeline = stack.enter_context(TimelineWriter(outputs.timeline, append=earlier is not None))
        drawing = overlay or Overlay()
        shown: Moment | None = None
        batch = max(1, min(BATCH, _BATCH_PIXELS // (reader.width * reader.height * every)))
        for frame, moment in moments(reader, analyzer, follower, batch=batch, every=every):
            if moment is not None:
                shown = moment
                analysed += 1
                for row in rows_of(moment):
                    summary.add(row)
                    curves.add(row)
                if timeline is not None:
                    timeline.add(moment)
            if outputs.video is not None:
                if encoder is None:
                    encoder = stack.enter_context(_encoder(outputs.video, reader, frame, sound=sound))
                assert shown is not None
                encoder.write(drawing.draw(frame.image, shown), frame.time)
            if progress is not None:
                progress(frame.time)
    assert reader.ending is not None
    if outputs.summary is not None:
        _write_summary(outputs.summary, reader, analyzer, summary, analysed, smoothing, begin)
    if outputs.plot is not None:
        draw_plot(curves, summary, outputs.plot, span=(begin, reader.ending.time), title=reader.path.name)
    return VideoResult(analysed, reader.ending, summary, encoder is not None and encoder.ffmpeg)


def _encoder(path: Path, reader: VideoReader, first: Frame, *, sound: bool) -> VideoEncoder:
    # The frame tells its size, and not the file: some say another one in their header.
    height, width = first.image.shape[:2]
    return VideoEncoder(path, width, height, reader.rate, sound=Sound(reader.path, first.time) if sound else None)


def _write_summary(
    path: Path, reader: VideoReader, analyzer: Analyzer, summary: Summary, frames: int, smoothing: float, begin: float
) -> None:
    assert reader.ending is not None
    content: dict[str, Any] = {
        "video": reader.path.name,
        "width": reader.width,
        "height": reader.height,
        "rate": round(reader.rate, 3),
        "from": round(begin, 3),
        "to": round(reader.ending.time, 3),
        "complete": reader.ending.complete,
        "frames_analysed": frames,
        "smoothing": smoothing,
        "detector": analyzer.detector.name,
        "model": analyzer.classifier.card.name,
        "faces": [summary.faces[number].to_dict() for number in sorted(summary.faces)],
    }
    try:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error
