"""`mememoji live`: read the faces of a camera in a window."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Smoothing, Weights, make_analyzer
from mememoji.errors import InputError, MissingExtraError


def live(
    source: Annotated[
        str, typer.Option(help="Index of a camera, path of a video file, or URL of a stream.", metavar="0|FILE|URL")
    ] = "0",
    headless: Annotated[
        bool, typer.Option("--headless", help="Write the timeline to standard output or to --csv, without a window.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the timeline of --headless here.", metavar="OUT.csv")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Stop --headless after this many seconds.", metavar="SECONDS")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for snapshots and recordings.", metavar="DIR")] = Path(),
    smoothing: Smoothing = 0.3,
    boxes: Annotated[bool, typer.Option(help="Draw boxes around faces at the start.")] = True,
    bars: Annotated[bool, typer.Option(help="Draw composition bars beside faces at the start.")] = True,
    memes: Annotated[bool, typer.Option(help="Draw meme faces over faces at the start.")] = False,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    classifier: ClassifierName = None,
    weights: Weights = None,
) -> None:
    """Show a camera with its faces and a running plot of their six emotions.

    Keys: B boxes, C bars, M memes, T smoothing, S snapshot, R record, N next face, F5 try again, F11 full screen,
    Ctrl+Q quit. Only snapshots and recordings are stored.
    """
    if not headless and (csv is not None or seconds is not None):
        raise typer.BadParameter("--csv and --seconds need --headless; the window has a button for recordings")
    from mememoji.live.capture import Capture, is_camera, is_url
    from mememoji.output_files import check_outputs

    if not is_camera(source) and not is_url(source) and not Path(source).is_file():
        raise InputError(f"--source must be the index of a camera, a file or a URL, got {source!r}; no such file")
    if not headless:
        from mememoji.live.display import check_display

        # Before Qt is imported, which needs libraries of the system as well.
        check_display()
    if not is_camera(source) and not is_url(source):
        check_outputs({"--csv": csv}, {"--source": Path(source)})
        from mememoji.video.video_reader import VideoReader

        # A file that cannot be read ends the command now; a camera is tried again instead.
        VideoReader(Path(source))
    analyzer = make_analyzer(detector, detector_weights, classifier, weights)
    if headless:
        from mememoji.live.headless import run_headless

        run_headless(
            Capture(source, keep_all_frames=True),
            analyzer,
            csv or sys.stdout,
            smoothing=smoothing,
            seconds=seconds,
            on_message=lambda text: typer.echo(f"mememoji: {text}", err=True),
        )
        return
    try:
        from mememoji.live.application import run_window
    except ModuleNotFoundError as error:
        raise MissingExtraError("live", "the live window") from error
    from mememoji.live.session import Session
    from mememoji.video.frame_overlay import Overlay

    session = Session(Capture(source), analyzer, overlay=Overlay(boxes, bars, memes), smoothing=smoothing)
    raise typer.Exit(run_window(session, out))
