"""`mememoji detector`: list face detectors, download their weights, train and evaluate them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mememoji.detection.detector_card import DetectorCard

app = typer.Typer(help="List face detectors, download their weights, train and evaluate them.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the detectors, which of them are available, and which one `auto` selects."""
    from mememoji.detection.registry import DETECTORS, resolve_auto

    auto = resolve_auto()
    rows = [("detector", "available", "auto", "description")]
    for spec in DETECTORS:
        available = "yes" if spec.is_available else f"no: mememoji detector download {spec.name}"
        rows.append((spec.name, available, "selected" if spec is auto else "", spec.summary))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def download(
    name: Annotated[str, typer.Argument(help="Name of the detector: yunet.", metavar="DETECTOR")],
) -> None:
    """Download a detector's weights, once, and check them by their hash."""
    from mememoji.detection.registry import get_detector_spec
    from mememoji.errors import InputError

    try:
        weights = get_detector_spec(name).download
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="DETECTOR") from error
    if weights is None:
        typer.echo(f"{name} needs no download")
        return
    was_downloaded = weights.is_downloaded()
    path = weights.download()
    if was_downloaded:
        typer.echo(f"{path} exists already")
    else:
        typer.echo(f"{path} ({path.stat().st_size:,} bytes, license {weights.license}) from {weights.url}")


def _print_presets(requested: bool) -> None:
    if not requested:
        return
    from mememoji.training.common.model_size import count_parameters
    from mememoji.training.detector.detector_config import PRESETS
    from mememoji.training.detector.detector_network import DetectorNetwork

    width = max(len(name) for name in PRESETS)
    for name, config in PRESETS.items():
        count = count_parameters(DetectorNetwork(config.model))
        sizes = ", ".join(map(str, config.image_sizes))
        typer.echo(f"{name:<{width}}  {count:,} parameters, {config.epochs} epochs at {sizes} pixels")
    raise typer.Exit


@app.command()
def train(
    data: Annotated[
        list[Path], typer.Option(help="Images with labeled faces to train on; may be repeated.", metavar="FILE")
    ],
    val: Annotated[list[Path], typer.Option(help="Images to validate on; may be repeated.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="Run folder to write.", metavar="RUN")],
    preset: Annotated[
        str, typer.Option(help="Training preset; --list-presets prints them.", metavar="NAME")
    ] = "compact",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; the preset's if not given.")] = None,
    lr_decay_epochs: Annotated[
        int | None,
        typer.Option(min=0, help="Epochs at the end in which the learning rate decays; the preset's if not given."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=2, help="Images per step; the preset's if not given.")] = None,
    image_size: Annotated[
        list[int] | None,
        typer.Option(help="Width and height of training images; may be repeated; the preset's if not given."),
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Peak learning rate; the preset's if not given.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Random seed; it reproduces a run on one machine.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; torch's default if not given.")] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that make training images; 0 uses a thread of this one.")
    ] = 0,
    val_interval: Annotated[
        int, typer.Option(min=1, help="Validate after every N epochs, and after the last.", metavar="N")
    ] = 1,
    init_from: Annotated[
        Path | None,
        typer.Option(help="Weights file to initialize from; random weights if not given.", metavar="FILE"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume from the run's last checkpoint; --epochs may differ.")
    ] = False,
    # The presets are not in --help: listing them loads torch, which takes seconds.
    list_presets: Annotated[  # noqa: ARG001 - its callback does everything
        bool,
        typer.Option("--list-presets", callback=_print_presets, is_eager=True, help="Print the presets and exit."),
    ] = False,
) -> None:
    """Train the face detector and export its weights.

    RUN gets history.csv, history.png, checkpoint.pt, pre_decay.pt, weights.onnx and weights.card.json.
    """
    from mememoji.datasets.detection_images import read_all_detection_samples
    from mememoji.errors import InputError
    from mememoji.training.common.device import choose_device, set_num_threads
    from mememoji.training.detector.detector_config import PRESETS
    from mememoji.training.detector.detector_pipeline import WEIGHTS_FILE, train_detector

    if preset not in PRESETS:
        raise InputError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
    set_num_threads(threads)
    try:
        config = PRESETS[preset].with_changes(
            epochs=epochs,
            lr_decay_epochs=lr_decay_epochs,
            batch_size=batch_size,
            image_sizes=tuple(image_size) if image_size else None,
            lr=lr,
            seed=seed,
        )
    except ValueError as error:
        raise InputError(f"invalid training options: {error}") from error
    card = train_detector(
        config,
        read_all_detection_samples(data),
        read_all_detection_samples(val),
        out,
        name=preset,
        device=choose_device(device),
        num_workers=workers,
        val_interval=val_interval,
        init_from=init_from,
        resume=resume,
        log=lambda line: typer.echo(line, err=True),
    )
    _print_weights(out / WEIGHTS_FILE, card)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder, finished or not.", metavar="RUN")],
    val: Annotated[
        Path, typer.Option(help="Images on which the exported file is compared with torch.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="Weights file to write, FILE.onnx.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="Detector name in the card.")] = "compact",
    score_threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Lowest score of a face, for the card; `detector evaluate` measures it."),
    ] = 0.5,
) -> None:
    """Export a run's weights after its last epoch."""
    from mememoji.output_files import check_outputs, check_suffix

    check_suffix("--out", out, (".onnx",))
    check_outputs({"--out": out}, {"--val": val})
    from mememoji.datasets.detection_images import read_detection_samples
    from mememoji.training.detector.detector_pipeline import export_detector_run

    card = export_detector_run(run, read_detection_samples(val), out, name=name, score_threshold=score_threshold)
    _print_weights(out, card)


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Images with labeled faces.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="Folder for report.json, report.md and the figures.", metavar="DIR")],
    detector: Annotated[
        list[str] | None, typer.Option(help="compact, haar or yunet; may be repeated.", metavar="NAME")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for compact; the shipped ones if not given.")] = None,
    yunet: Annotated[Path | None, typer.Option(help="YuNet's weights; the downloaded ones if not given.")] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="Other weights for compact, reported under the name baseline.", metavar="FILE"),
    ] = None,
    hard_negatives: Annotated[
        Path | None,
        typer.Option(help="Training images, whose held-out hard negatives are evaluated too.", metavar="FILE"),
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Write contact sheets, which show faces of real people.")
    ] = True,
) -> None:
    """Evaluate detectors on the same images: recall, precision, landmark error, false positives."""
    from mememoji.datasets.detection_images import read_detection_samples
    from mememoji.evaluation.detection.detection_report import make_report, to_markdown, write_detection_report
    from mememoji.evaluation.detection.detector_predictions import make_evaluation_detector, run_detector
    from mememoji.evaluation.plots import require_matplotlib

    require_matplotlib()  # before minutes of detection, not after
    files = {"compact": weights, "yunet": yunet}
    detectors = [(name, *make_evaluation_detector(name, files.get(name))) for name in detector or ["compact", "haar"]]
    if baseline is not None:
        detectors.append(("baseline", *make_evaluation_detector("compact", baseline)))
    samples = read_detection_samples(data)
    predictions = [
        run_detector(face_detector, samples, threshold, name=name, progress=True)
        for name, face_detector, threshold in detectors
    ]
    negatives, on_negatives = [], None
    if hard_negatives is not None:
        negatives = [sample for sample in read_detection_samples(hard_negatives) if sample.is_hard_negative]
        on_negatives = {
            name: run_detector(face_detector, negatives, threshold, name=name, progress=True)
            for name, face_detector, threshold in detectors
        }
    report = make_report(predictions, samples, on_negatives, negatives)
    written = write_detection_report(report, predictions, samples, out, figures=figures)
    typer.echo(to_markdown(report))
    typer.echo(f"{len(written)} files in {out}; start with {out / 'report.md'}")


def _print_weights(weights: Path, card: DetectorCard) -> None:
    typer.echo(f"{weights} ({weights.stat().st_size:,} bytes, {card.num_parameters:,} parameters) and its card")
