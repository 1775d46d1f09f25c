"""`mememoji live`: a camera's faces as they are."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Weights, find_classifier_weights
from mememoji.errors import InputError, MissingExtraError


def live(
    source: Annotated[
        str, typer.Option(help="A camera's number, a video file, or a stream's URL.", metavar="0|FILE|URL")
    ] = "0",
    headless: Annotated[
        bool, typer.Option("--headless", help="Open no window; write the timeline, to standard output or to --csv.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(help="With --headless: where the timeline goes.", metavar="OUT.csv")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="With --headless: end after so many seconds.")] = None,
    folder: Annotated[Path, typer.Option(help="Where snapshots and recordings go.", metavar="DIR")] = Path(),
    smoothing: Annotated[
        float, typer.Option(min=0, help="Time constant in seconds that compositions follow with; 0 is none.")
    ] = 0.3,
    boxes: Annotated[bool, typer.Option(help="Begin with boxes around faces.")] = True,
    bars: Annotated[bool, typer.Option(help="Begin with bars beside faces.")] = True,
    memes: Annotated[bool, typer.Option(help="Begin with meme faces over faces.")] = False,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Show a camera's image with its faces, and beside it how their six emotions go.

    Keys: B boxes, C bars, M memes, T smoothing, S snapshot, R record, N next face, F5 try again, F11 full screen,
    Ctrl+Q quit. Nothing is kept but what you snap or record.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    if not headless and (csv is not None or seconds is not None):
        raise typer.BadParameter("--csv and --seconds go with --headless; the window records with its button")
    from mememoji.analyzer import Analyzer
    from mememoji.detection.registry import make_detector
    from mememoji.live.capture import Capture, is_camera, is_url

    if not is_camera(source) and not is_url(source) and not Path(source).is_file():
        raise InputError(f"expected a camera's number, a file or a URL, got {source!r}, which is none")
    try:
        finder = make_detector(detector, detector_weights)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--detector") from error
    weights = find_classifier_weights(classifier, weights)
    if headless:
        from mememoji.live.headless import run_headless

        run_headless(
            Capture(source, wait=True),
            Analyzer(finder, weights),
            csv or sys.stdout,
            smoothing=smoothing,
            seconds=seconds,
            tell=lambda text: typer.echo(f"mememoji: {text}", err=True),
        )
        return
    try:
        from mememoji.live.application import run_window
    except ModuleNotFoundError as error:
        raise MissingExtraError("live", "the live window") from error
    from mememoji.live.session import Session
    from mememoji.video.frame_overlay import Overlay

    session = Session(
        Capture(source), Analyzer(finder, weights), overlay=Overlay(boxes, bars, memes), smoothing=smoothing
    )
    raise typer.Exit(run_window(session, folder))
