"""`mememoji video`: the faces of a video file, followed through time."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Weights, find_classifier_weights
from mememoji.errors import InputError

if TYPE_CHECKING:
    from mememoji.video.processing import VideoResult
    from mememoji.video.timeline import Row


def video(
    path: Annotated[Path, typer.Argument(help="A video file.", metavar="IN", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write the video with its faces drawn in.", metavar="OUT.mp4")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write a row for each face of each frame.", metavar="OUT.csv")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Write what each face showed.", metavar="OUT.json")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw each face's course: .png, .svg or .pdf.", metavar="OUT.png")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Analyze the first of every so many frames.")] = 1,
    start: Annotated[float, typer.Option("--from", min=0, help="Begin at this second.")] = 0.0,
    stop: Annotated[float | None, typer.Option("--to", min=0, help="End at this second.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the timeline that --csv names was interrupted.")
    ] = False,
    smoothing: Annotated[
        float, typer.Option(min=0, help="Time constant in seconds that compositions follow with; 0 is none.")
    ] = 0.3,
    boxes: Annotated[bool, typer.Option(help="Draw boxes around faces.")] = True,
    bars: Annotated[bool, typer.Option(help="Draw bars beside faces.")] = True,
    memes: Annotated[bool, typer.Option(help="Lay meme faces over faces.")] = False,
    sound: Annotated[bool, typer.Option(help="Take the sound over, which needs ffmpeg.")] = True,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Follow the faces of a video file and say what each shows when.

    The exit code is 0 when all was read; 1 when the file is damaged and reading stopped before its end, what was read
    until there being written; 2 when the command was called wrongly; 130 when it was interrupted.
    """
    # What a damaged frame makes FFmpeg say is of no use to anyone here: where reading stopped is told below.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    from mememoji.analyzer import Analyzer
    from mememoji.detection.registry import make_detector
    from mememoji.video import timeline_plot as plotting
    from mememoji.video.frame_overlay import Overlay
    from mememoji.video.processing import Outputs, process_video
    from mememoji.video.video_reader import VideoReader

    _check(path, out, csv, summary, plot, resume=resume)
    try:
        finder = make_detector(detector, detector_weights)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--detector") from error
    analyzer = Analyzer(finder, find_classifier_weights(classifier, weights))
    if plot is not None:
        # Before hours of reading: what is missing should not show at their end.
        plotting.require()
    earlier, start = _earlier(csv, start) if resume and csv is not None else (None, start)
    # Frames that are neither analyzed nor written need not be unpacked.
    reader = VideoReader(path, start=start, stop=stop, every=1 if out else every, limits=analyzer.limits)
    with _Progress(reader.start, reader.length) as progress:
        try:
            result = process_video(
                reader,
                analyzer,
                Outputs(out, csv, summary, plot),
                every=every if out else 1,
                smoothing=smoothing,
                overlay=Overlay(boxes, bars, memes),
                sound=sound,
                earlier=earlier,
                progress=progress.reach,
            )
        except KeyboardInterrupt:
            progress.close()
            hint = "; --resume goes on with the timeline" if csv is not None else ""
            typer.echo(f"mememoji: interrupted at {progress.time:.2f} s{hint}", err=True)
            raise typer.Exit(130) from None
    for line in _lines(result):
        typer.echo(line)
    if out is not None and sound and not result.ffmpeg:
        typer.echo(
            "mememoji: no ffmpeg was found, so the video is silent and MPEG-4; install ffmpeg for both", err=True
        )
    if not result.ending.complete:
        told = "" if reader.duration is None else f" of {reader.duration:.2f} s"
        typer.echo(f"mememoji: {path}: reading stopped at {result.ending.time:.2f}{told}; it is damaged", err=True)
        raise typer.Exit(1)


def _check(path: Path, *outputs: Path | None, resume: bool) -> None:
    out, csv = outputs[:2]
    given = [output.resolve() for output in outputs if output is not None]
    if len({path.resolve(), *given}) < len(given) + 1:
        raise InputError("the input and the outputs are different files")
    if resume and csv is None:
        raise InputError("--resume goes on with a timeline: name it with --csv")
    if resume and out is not None:
        raise InputError("an MP4 file cannot be gone on with: leave out --out, or write the rest with --from")
    for output in given:
        if not output.parent.is_dir():
            raise InputError(f"no folder {output.parent} to write {output.name} to")


def _earlier(csv: Path, start: float) -> "tuple[Iterator[Row] | None, float]":
    """The rows to go on from and the second to go on at."""
    from mememoji.video.timeline import read_timeline, take_up

    if not csv.exists():
        return None, start
    last = take_up(csv)
    # A thousandth before: the timeline's times are rounded to it.
    return read_timeline(csv), max(start, last[0].time - 1e-3) if last else start


def _lines(result: "VideoResult") -> Iterator[str]:
    faces = result.summary.faces
    if not faces:
        yield f"no face in {result.frames:,} frames"
        return
    yield "face  from, s   to, s  seen, s  mostly    share of the time  changes"
    for number, face in sorted(faces.items()):
        share = face.time_on_top[face.top] / face.seen
        yield (
            f"{number:>4}  {face.first:>7.2f} {face.last:>7.2f}  {face.seen:>7.2f}  {face.top.value:<8}"
            f"  {share:>17.0%}  {face.change_count:>7}"
        )


class _Progress:
    """A bar on a terminal: how much of the video is through, and how long the rest will take."""

    def __init__(self, start: float, length: float | None) -> None:
        from tqdm import tqdm

        self.time = start
        shape = "{percentage:3.0f}% |{bar}| {n:.1f} of {total:.1f} s, {remaining} left" if length else None
        self._bar = tqdm(
            total=length,
            unit="s",
            leave=False,
            file=sys.stderr,
            bar_format=shape,
            disable=not sys.stderr.isatty(),
        )

    def reach(self, time: float) -> None:
        self._bar.update(time - self.time)
        self.time = time

    def close(self) -> None:
        self._bar.close()

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
