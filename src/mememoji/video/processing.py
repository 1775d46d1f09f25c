"""Analysis of a video file, with an annotated copy, a timeline, a summary and a plot as outputs."""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mememoji.analyzer import Analyzer
from mememoji.atomic_file import atomic_write
from mememoji.errors import RunError
from mememoji.file_names import format_name, to_unicode
from mememoji.output_files import check_outputs, check_suffix
from mememoji.tracking.face_tracking import FaceTracking, TrackedFrame
from mememoji.tracking.smoothing import DEFAULT_SMOOTHING
from mememoji.video.face_summary import VideoSummary
from mememoji.video.frame_overlay import Overlay
from mememoji.video.source_streams import SourceStreams
from mememoji.video.time_series import FaceTimeSeries
from mememoji.video.timeline import Row, TimelineWriter, make_rows
from mememoji.video.timeline_plot import PLOT_SUFFIXES, plot_timeline
from mememoji.video.video_encoder import VideoEncoder
from mememoji.video.video_reader import EndOfStream, Frame, VideoReader

BATCH_SIZE: Final = 8
"""The number of frames whose faces are classified together, for frames of usual size."""

_MIN_GAP_SECONDS: Final = 1.0
"""The smallest gap of a resumed timeline in which frames without faces are assumed."""

_MAX_BATCH_PIXELS: Final = 24_000_000
_MAX_LEAD: Final = 1.0
"""The time in seconds at which a written video may begin: up to there it keeps the clock of the source."""


@dataclass(frozen=True, slots=True)
class OutputPaths:
    """The files to write, None for those that are not wanted: video, CSV timeline, JSON summary, plot."""

    video: Path | None = None
    timeline: Path | None = None
    summary: Path | None = None
    plot: Path | None = None


@dataclass(frozen=True, slots=True)
class VideoResult:
    """The result of processing a video.

    Attributes:
        num_frames: The number of analyzed frames.
        end_of_stream: Where reading ended.
        summary: The summaries of all faces.
        messages: What the written video lacks of the source, a sentence for each stream.
    """

    num_frames: int
    end_of_stream: EndOfStream
    summary: VideoSummary
    messages: tuple[str, ...] = ()


def track_frames(
    frames: Iterable[Frame],
    analyzer: Analyzer,
    tracking: FaceTracking,
    *,
    batch_size: int = BATCH_SIZE,
    frame_stride: int = 1,
) -> Iterator[tuple[Frame, TrackedFrame | None]]:
    """Track the faces through frames.

    The first of every `frame_stride` frames is analyzed; the others are returned with None. Frames are buffered until
    `batch_size` of them are analyzed together: at most batch_size * frame_stride.

    Args:
        frames: The frames of the video, in order.
        analyzer: The analyzer that finds and classifies the faces.
        tracking: The tracking that assigns track IDs and smooths the compositions.
        batch_size: The number of frames analyzed together.
        frame_stride: The distance between analyzed frames.

    Yields:
        Each frame, with its tracked faces if it was analyzed.
    """
    buffer: list[Frame] = []
    for index, frame in enumerate(frames):
        if index % (frame_stride * batch_size) == 0 and buffer:
            yield from _track_batch(buffer, analyzer, tracking, frame_stride)
            buffer = []
        buffer.append(frame)
    yield from _track_batch(buffer, analyzer, tracking, frame_stride)


def _track_batch(
    frames: list[Frame], analyzer: Analyzer, tracking: FaceTracking, frame_stride: int
) -> Iterator[tuple[Frame, TrackedFrame | None]]:
    analyses = iter(analyzer.analyze_arrays([frame.image for frame in frames[::frame_stride]], thorough=False))
    for index, frame in enumerate(frames):
        yield frame, tracking.update(frame.time, next(analyses), frame.image) if index % frame_stride == 0 else None


def process_video(
    reader: VideoReader,
    analyzer: Analyzer,
    outputs: OutputPaths,
    *,
    frame_stride: int = 1,
    smoothing: float = DEFAULT_SMOOTHING,
    overlay: Overlay | None = None,
    audio: bool = True,
    previous_rows: Iterable[Row] | None = None,
    progress: Callable[[float], object] | None = None,
) -> VideoResult:
    """Read a video to its end and write the requested outputs.

    Memory does not grow with the length of the video, apart from a little for each face and each change of its top
    emotion.

    Args:
        reader: The video file. Where a video is written, its own `frame_stride` must be 1, so that it returns every
            frame.
        analyzer: The analyzer that finds and classifies the faces.
        outputs: The files to write.
        frame_stride: The distance between analyzed frames of the reader; a written video shows the faces of the last
            analyzed frame on those between.
        smoothing: The time constant of the compositions in seconds; 0 turns smoothing off.
        overlay: What is drawn into the video; None draws boxes and bars.
        audio: Whether the audio and the subtitles are copied into the written video.
        previous_rows: The rows of the timeline to resume; the summary and the plot include them.
        progress: A function called with the time of each frame, in seconds.

    Raises:
        InputError: An output is the video itself or another output, or its suffix is not known.
        VideoError: No frame can be read.
        RunError: An output cannot be written.
        MissingExtraError: A plot is requested without matplotlib.

    Example:
        Write two seconds of a plain gray video and analyze it; it shows no face.

        >>> import tempfile
        >>> import numpy as np
        >>> from mememoji import Analyzer
        >>> temporary = tempfile.TemporaryDirectory()
        >>> folder = Path(temporary.name)
        >>> with VideoEncoder(folder / "gray.mp4", 64, 48, fps=10) as encoder:
        ...     for index in range(20):
        ...         encoder.write(np.full((48, 64, 3), 128, np.uint8), time=index / 10)
        >>> reader = VideoReader(folder / "gray.mp4")
        >>> result = process_video(reader, Analyzer("haar"), OutputPaths(timeline=folder / "gray.csv"))
        >>> result.num_frames, result.end_of_stream.complete, result.summary.faces
        (20, True, {})
        >>> (folder / "gray.csv").read_text()
        'time,face,angry,fear,happy,sad,surprise,neutral\\n'
        >>> temporary.cleanup()
    """
    check_outputs(
        {
            "the written video": outputs.video,
            "the timeline": outputs.timeline,
            "the summary": outputs.summary,
            "the plot": outputs.plot,
        },
        {"the video": reader.path},
    )
    check_suffix("the plot", outputs.plot, PLOT_SUFFIXES)
    interval = reader.interval * frame_stride
    summary, series, tracking = VideoSummary(), FaceTimeSeries(interval), FaceTracking(smoothing)
    start = _find_start(reader)
    for time, rows in _group_rows(previous_rows or (), interval):
        summary.add(time, rows)
        series.add(time, rows)
        start = min(start, time)
    tracking.tracker.set_next_id(max(summary.faces, default=0) + 1)
    num_analyzed = 0
    with ExitStack() as stack:
        timeline = encoder = None
        if outputs.timeline is not None:
            timeline = stack.enter_context(TimelineWriter(outputs.timeline, append=previous_rows is not None))
        overlay = overlay or Overlay()
        latest: TrackedFrame | None = None
        batch_size = max(1, min(BATCH_SIZE, _MAX_BATCH_PIXELS // (reader.width * reader.height * frame_stride)))
        for frame, tracked_frame in track_frames(
            reader, analyzer, tracking, batch_size=batch_size, frame_stride=frame_stride
        ):
            if tracked_frame is not None:
                latest = tracked_frame
                num_analyzed += 1
                rows = make_rows(tracked_frame)
                summary.add(tracked_frame.time, rows)
                series.add(tracked_frame.time, rows)
                if timeline is not None:
                    timeline.add(tracked_frame)
            if outputs.video is not None:
                if encoder is None:
                    encoder = stack.enter_context(_open_encoder(outputs.video, reader, frame, audio=audio))
                assert latest is not None
                encoder.write(overlay.draw(frame.image, latest), frame.time)
            if progress is not None:
                progress(frame.time)
    assert reader.end_of_stream is not None
    summary.finish(reader.end_of_stream.time)
    series.finish(reader.end_of_stream.time)
    if outputs.summary is not None:
        _write_summary(outputs.summary, reader, analyzer, summary, num_analyzed, smoothing, start)
    if outputs.plot is not None:
        span = start, reader.end_of_stream.time
        plot_timeline(series, summary, outputs.plot, span=span, title=format_name(reader.path.name))
    return VideoResult(num_analyzed, reader.end_of_stream, summary, encoder.messages if encoder else ())


def _group_rows(rows: Iterable[Row], interval: float) -> Iterator[tuple[float, list[Row]]]:
    """Yield the analyzed frames of a timeline, which has no rows for frames without faces."""
    last = math.inf
    for time, group in itertools.groupby(rows, key=lambda row: row.time):
        if time - last > max(1.5 * interval, _MIN_GAP_SECONDS):
            yield last + interval, []
        yield time, list(group)
        last = time


def _find_start(reader: VideoReader) -> float:
    """Return the time at which the outputs begin, in seconds."""
    start = reader.start or min(reader.first_time, 0.0)
    # Where the clock of the file starts late, players would show nothing until then.
    return max(start, reader.clock_start) if reader.clock_start > _MAX_LEAD else start


def _open_encoder(path: Path, reader: VideoReader, first: Frame, *, audio: bool) -> VideoEncoder:
    height, width = first.image.shape[:2]
    start = _find_start(reader)
    source = SourceStreams(reader.path, reader.start or None, reader.stop) if audio else None
    return VideoEncoder(path, width, height, reader.fps, source=source, start=start)


def _write_summary(
    path: Path,
    reader: VideoReader,
    analyzer: Analyzer,
    summary: VideoSummary,
    num_frames: int,
    smoothing: float,
    start: float,
) -> None:
    assert reader.end_of_stream is not None
    content: dict[str, Any] = {
        "video": to_unicode(reader.path.name),
        "width": reader.width,
        "height": reader.height,
        "fps": round(reader.fps, 3),
        "from": round(start, 3),
        "to": round(reader.end_of_stream.time, 3),
        "complete": reader.end_of_stream.complete,
        "frames_analyzed": num_frames,
        "smoothing": smoothing,
        "detector": analyzer.detector.name,
        "model": analyzer.classifier.card.name,
        "faces": [summary.faces[track_id].to_dict() for track_id in sorted(summary.faces)],
    }
    try:
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error
