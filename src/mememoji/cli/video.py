"""`mememoji video`: track the faces of a video file and read their expressions over time."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Smoothing, Weights, make_analyzer
from mememoji.errors import InputError
from mememoji.file_names import format_name

if TYPE_CHECKING:
    from mememoji.video.processing import VideoResult
    from mememoji.video.timeline import Row


def video(
    path: Annotated[Path, typer.Argument(help="Video file.", metavar="IN", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write a copy of the video with its faces annotated.", metavar="OUT.mp4")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write a timeline: one row for each face of each frame.", metavar="OUT.csv")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Write a summary of each face.", metavar="OUT.json")] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Plot the composition of each face over time: .png, .svg, .pdf, .jpg or .webp.", metavar="OUT.png"
        ),
    ] = None,
    frame_stride: Annotated[int, typer.Option(min=1, help="Analyze the first of every N frames.", metavar="N")] = 1,
    start: Annotated[float, typer.Option("--from", min=0, help="Start at this second.", metavar="SECONDS")] = 0.0,
    stop: Annotated[float | None, typer.Option("--to", min=0, help="Stop at this second.", metavar="SECONDS")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted run at the end of the timeline of --csv.")
    ] = False,
    smoothing: Smoothing = 0.3,
    boxes: Annotated[bool, typer.Option(help="Draw boxes around faces.")] = True,
    bars: Annotated[bool, typer.Option(help="Draw composition bars beside faces.")] = True,
    memes: Annotated[bool, typer.Option(help="Draw meme faces over faces.")] = False,
    audio: Annotated[bool, typer.Option(help="Copy the audio and the subtitles.")] = True,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Track the faces of a video file and read their expressions over time.

    The exit code is 0 if the file was read completely; 1 if it is damaged, with everything before the damage written;
    2 if the command was used incorrectly; 130 if it was interrupted.
    """
    from mememoji.video import timeline_plot
    from mememoji.video.frame_overlay import Overlay
    from mememoji.video.processing import OutputPaths, process_video
    from mememoji.video.video_reader import VideoReader

    _check_paths(path, out, csv, summary, plot, resume=resume, weights=(weights, detector_weights))
    analyzer = make_analyzer(detector, detector_weights, classifier, weights)
    if plot is not None:
        # Checked now rather than after hours of reading.
        timeline_plot.require_matplotlib()
    previous_rows, start = _load_previous_rows(csv, start) if resume and csv is not None else (None, start)
    # Without a written video the reader can skip the frames that are not analyzed.
    reader_stride, analysis_stride = (1, frame_stride) if out else (frame_stride, 1)
    reader = VideoReader(path, start=start, stop=stop, frame_stride=reader_stride, limits=analyzer.limits)
    with _ProgressBar(reader.start, reader.length) as progress_bar:
        try:
            result = process_video(
                reader,
                analyzer,
                OutputPaths(out, csv, summary, plot),
                frame_stride=analysis_stride,
                smoothing=smoothing,
                overlay=Overlay(boxes, bars, memes),
                audio=audio,
                previous_rows=previous_rows,
                progress=progress_bar.update,
            )
        except KeyboardInterrupt:
            progress_bar.close()
            hint = "; add --resume to continue the timeline" if csv is not None else ""
            typer.echo(f"mememoji: interrupted at {progress_bar.time:.2f} s{hint}", err=True)
            raise typer.Exit(130) from None
    # A file that is written to /dev/stdout must not be mixed with the table.
    has_file_on_stdout = any(output is not None and _is_standard_output(output) for output in (csv, summary, plot))
    for line in _format_table(result):
        typer.echo(line, err=has_file_on_stdout)
    for message in result.messages:
        typer.echo(f"mememoji: {message}", err=True)
    end = result.end_of_stream
    if end.num_damaged:
        frames = "frame is" if end.num_damaged == 1 else "frames are"
        typer.echo(f"mememoji: {format_name(path)}: {end.num_damaged} {frames} damaged", err=True)
    if not end.complete:
        # Some containers estimate their duration from what is left of them.
        is_known = reader.duration is not None and reader.duration > end.time
        of_duration = f" of {reader.duration:.2f}" if is_known else ""
        typer.echo(
            f"mememoji: {format_name(path)} is damaged: reading stopped at {end.time:.2f}{of_duration} s", err=True
        )
        raise typer.Exit(1)


def _check_paths(
    path: Path,
    out: Path | None,
    csv: Path | None,
    summary: Path | None,
    plot: Path | None,
    *,
    resume: bool,
    weights: tuple[Path | None, Path | None],
) -> None:
    from mememoji.output_files import check_outputs, check_suffix
    from mememoji.video.output_format import OUTPUT_FORMATS
    from mememoji.video.timeline_plot import PLOT_SUFFIXES

    outputs = {"--out": out, "--csv": csv, "--summary": summary, "--plot": plot}
    check_outputs(outputs, {"the input": path, "--weights": weights[0], "--detector-weights": weights[1]})
    check_suffix("--out", out, OUTPUT_FORMATS)
    check_suffix("--plot", plot, PLOT_SUFFIXES)
    if resume and csv is None:
        raise InputError("--resume needs a timeline to continue; add --csv")
    if resume and out is not None:
        raise InputError("cannot resume into a video file; drop --out, or write the remainder with --from")
    for name, output in outputs.items():
        if output is not None and not output.absolute().parent.is_dir():
            raise InputError(f"{name} {output} cannot be written: its folder does not exist; create it")
        if output is not None and output.is_dir():
            raise InputError(f"{name} {output} must be a file, but is a folder; add a file name")


def _is_standard_output(path: Path) -> bool:
    from mememoji.atomic_file import is_special_file

    try:
        return is_special_file(path) and os.path.samestat(path.stat(), os.fstat(1))
    except OSError:
        return False


def _load_previous_rows(csv: Path, start: float) -> "tuple[Iterator[Row] | None, float]":
    """Return the rows of an interrupted run, and the time at which to continue, in seconds."""
    from mememoji.video.timeline import prepare_resume, read_timeline

    if not csv.exists():
        return None, start
    last = prepare_resume(csv)
    # A millisecond earlier, because the times in the timeline are rounded to milliseconds.
    return read_timeline(csv), max(start, last[0].time - 1e-3) if last else start


def _format_table(result: "VideoResult") -> Iterator[str]:
    faces = result.summary.faces
    if not faces:
        yield f"no face in {result.num_frames:,} frames"
        return
    yield "face  from, s   to, s  seen, s  mostly    share of the time  changes"
    for track_id, face in sorted(faces.items()):
        share = face.seconds_on_top[face.top] / face.seconds_seen
        yield (
            f"{track_id:>4}  {face.first_seen:>7.2f} {face.last_seen:>7.2f}  {face.seconds_seen:>7.2f}"
            f"  {face.top.value:<8}  {share:>17.0%}  {face.num_changes:>7}"
        )


class _ProgressBar:
    """A progress bar on a terminal, in seconds of the video."""

    def __init__(self, start: float, length: float | None) -> None:
        from tqdm import tqdm

        self.time = start
        bar_format = "{percentage:3.0f}% |{bar}| {n:.1f} of {total:.1f} s, {remaining} left" if length else None
        self._bar = tqdm(
            total=length,
            unit="s",
            leave=False,
            file=sys.stderr,
            bar_format=bar_format,
            disable=not sys.stderr.isatty(),
        )

    def update(self, time: float) -> None:
        self._bar.update(time - self.time)
        self.time = time

    def close(self) -> None:
        self._bar.close()

    def __enter__(self) -> "_ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
