"""`mememoji detector`: which face detectors there are, their weights, and our own one's training and evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mememoji.datasets.detection_images import Photograph

app = typer.Typer(help="See which face detectors are there, and download weights.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the detectors, which of them are usable, and which one `auto` takes."""
    from mememoji.detection.registry import KINDS, chosen

    auto = chosen()
    rows = [("detector", "usable", "auto", "what it is")]
    for kind in KINDS:
        usable = "yes" if kind.usable else f"no: mememoji detector fetch {kind.name}"
        rows.append((kind.name, usable, "takes it" if kind is auto else "", kind.summary))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="The detector: yunet.", metavar="DETECTOR")],
) -> None:
    """Download a detector's weights, once, and check them by their hash."""
    from mememoji.detection.registry import kind_of
    from mememoji.errors import InputError

    try:
        weights = kind_of(name).weights
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="DETECTOR") from error
    if weights is None:
        typer.echo(f"{name} needs no download")
        return
    there = weights.is_there()
    path = weights.fetch()
    if there:
        typer.echo(f"{path} is there already")
    else:
        typer.echo(f"{path} ({path.stat().st_size:,} bytes, license {weights.license}) from {weights.url}")


def _print_presets(wanted: bool) -> None:
    if not wanted:
        return
    from mememoji.training.classifier.networks import parameter_count
    from mememoji.training.detector.detector_config import PRESETS
    from mememoji.training.detector.detector_network import DetectorNetwork

    width = max(len(name) for name in PRESETS)
    for name, recipe in PRESETS.items():
        count = parameter_count(DetectorNetwork(recipe.shape))
        sides = ", ".join(map(str, recipe.sides))
        typer.echo(f"{name:<{width}}  {count:,} parameters, {recipe.epochs} epochs at {sides} pixels")
    raise typer.Exit


@app.command()
def train(
    data: Annotated[
        list[Path], typer.Option(help="Images to train on, with labeled faces; may be repeated.", metavar="FILE")
    ],
    val: Annotated[list[Path], typer.Option(help="Images to validate on; may be repeated.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="The run's folder.", metavar="RUN")],
    preset: Annotated[
        str, typer.Option(help="What to train; --list-presets says what there is.", metavar="NAME")
    ] = "compact",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, if not the preset's.")] = None,
    fall: Annotated[
        int | None, typer.Option(min=0, help="Epochs at the end in which the rate falls, if not the preset's.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Images a step, if not the preset's.")] = None,
    side: Annotated[
        list[int] | None, typer.Option(help="A side of training images, if not the preset's; may be repeated.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="The learning rate's peak, if not the preset's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Reproduces a run on one machine.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; torch's choice if not given.")] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that make training images; 0 is a thread of this one.")
    ] = 0,
    judge_every: Annotated[
        int, typer.Option(min=1, help="Judge by val after every so many epochs, and after the last.", metavar="N")
    ] = 1,
    start: Annotated[
        Path | None,
        typer.Option(help="Weights that `detector train` wrote, to start from in place of chance.", metavar="FILE"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the run's last checkpoint; --epochs may be others.")
    ] = False,
    # Asked for and not named in --help: that would load torch, which takes seconds.
    list_presets: Annotated[  # noqa: ARG001 - its callback does it all
        bool,
        typer.Option("--list-presets", callback=_print_presets, is_eager=True, help="Print the presets and exit."),
    ] = False,
) -> None:
    """Train the face detector and export its weights.

    RUN then holds history.csv, history.png, checkpoint.pt, plateau.pt, weights.onnx and weights.card.json.
    """
    from mememoji.datasets.detection_images import read_all_photographs
    from mememoji.errors import InputError, RunError
    from mememoji.training.common.checkpoint import FILE
    from mememoji.training.common.device import choose_device, use_threads
    from mememoji.training.detector.detector_config import PRESETS
    from mememoji.training.detector.detector_trainer import DetectorFitting

    if preset not in PRESETS:
        raise InputError(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
    use_threads(threads)
    try:
        sides = tuple(side) if side else None
        recipe = PRESETS[preset].with_changes(epochs=epochs, fall=fall, batch=batch, sides=sides, rate=rate, seed=seed)
    except ValueError as error:
        raise InputError(f"the recipe does not fit: {error}") from error
    if (out / FILE).exists() and not resume:
        raise RunError(f"{out} holds a training already; --resume goes on with it")
    place = choose_device(device)
    photographs, judged = read_all_photographs(data), read_all_photographs(val)
    typer.echo(f"{preset}: {len(photographs):,} images, {recipe.epochs} epochs on {place}", err=True)
    fitting = DetectorFitting(
        recipe, photographs, judged, out, place, workers=workers, judge_every=judge_every, start=start
    )
    if resume:
        fitting.resume()
    fitting.fit()
    _export(out, judged, out / "weights.onnx", name=preset)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, finished or not.", metavar="RUN")],
    val: Annotated[Path, typer.Option(help="Images; the file is checked on some of them.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="The weights file to write, FILE.onnx.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="The detector's name in its card.")] = "compact",
    score_threshold: Annotated[
        float, typer.Option(min=0, max=1, help="The card's least score of a face; `detector evaluate` measures it.")
    ] = 0.5,
) -> None:
    """Export a run's weights as they are after its last epoch."""
    from mememoji.datasets.detection_images import read_photographs

    out.parent.mkdir(parents=True, exist_ok=True)
    _export(run, read_photographs(val), out, name=name, score_threshold=score_threshold)


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Images with labeled faces.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="The folder for report.json, report.md and the figures.", metavar="DIR")],
    detector: Annotated[
        list[str] | None, typer.Option(help="compact, haar or yunet; may be given several times.", metavar="NAME")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for compact, if not those that ship.")] = None,
    yunet: Annotated[Path | None, typer.Option(help="YuNet's weights, if not those that were fetched.")] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="Other weights for compact, to compare with under the name baseline.", metavar="FILE"),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="The images of the training: its held-out animals are looked at too.", metavar="FILE"),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Draw the contact sheets, which show people's faces.")
    ] = True,
) -> None:
    """Measure detectors on the same images: recall, precision, landmarks, false alarms."""
    from mememoji.datasets.detection_images import read_photographs
    from mememoji.evaluation.classification.classification_figures import require
    from mememoji.evaluation.detection.detection_metrics import look
    from mememoji.evaluation.detection.detection_report import report_on, to_markdown, write_report
    from mememoji.evaluation.detection.open_detectors import open_detector

    require()  # minutes of looking at images should not end in a missing library
    files = {"compact": weights, "yunet": yunet}
    opened = [(name, *open_detector(name, files.get(name))) for name in detector or ["compact", "haar"]]
    if baseline is not None:
        opened.append(("baseline", *open_detector("compact", baseline)))
    photographs = read_photographs(data)
    animals = [p for p in read_photographs(held_out) if p.is_held_out] if held_out else []
    judged = [look(one, photographs, threshold, name=name, progress=True) for name, one, threshold in opened]
    apart = (
        {name: look(one, animals, threshold, name=name, progress=True) for name, one, threshold in opened}
        if held_out
        else None
    )
    report = report_on(judged, photographs, apart, animals)
    files_written = write_report(report, judged, photographs, out, pictures=pictures)
    typer.echo(to_markdown(report))
    typer.echo(f"{len(files_written)} files in {out}; begin with {out / 'report.md'}")


def _export(
    run: Path, photographs: list[Photograph], weights: Path, *, name: str, score_threshold: float = 0.5
) -> None:
    from mememoji.training.detector.detector_checkpoint import read_checkpoint
    from mememoji.training.detector.detector_export import export as write_weights
    from mememoji.training.detector.detector_network import DetectorNetwork
    from mememoji.training.detector.validator import padded
    from mememoji.version import __version__

    saved = read_checkpoint(run)
    network = DetectorNetwork(saved.recipe.shape)
    network.load_state_dict(saved.average)
    begun = f" from the weights {saved.recipe.start[:12]} on" if saved.recipe.start else ""
    card = write_weights(
        network,
        weights,
        padded(photographs[:8]),
        name=f"{name}-{__version__}",
        score_threshold=score_threshold,
        trained_on=(
            "Images with boxes and landmarks by YuNet and by hand, "
            f"{len(saved.history)} epochs{begun}; a third of the animals left out"
        ),
        license="MIT",
    )
    typer.echo(f"{weights} ({weights.stat().st_size:,} bytes, {card.parameters:,} parameters) and its card")
