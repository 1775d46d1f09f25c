"""`mememoji train` and `mememoji export`: from prepared data to a weights file with its card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from torch import nn

    from mememoji.datasets.provenance import Provenance
    from mememoji.datasets.splits import Split
    from mememoji.training.recipe import Recipe


def _print_presets(wanted: bool) -> None:
    if not wanted:
        return
    from mememoji.training.networks import build, parameter_count
    from mememoji.training.recipe import PRESETS

    width = max(len(name) for name in PRESETS)
    for name, recipe in PRESETS.items():
        count = parameter_count(build(recipe.shape))
        typer.echo(f"{name:<{width}}  {recipe.network}, {count:,} parameters, {recipe.epochs} epochs")
    raise typer.Exit


def train(
    data: Annotated[Path, typer.Option(help="A folder that `mememoji data prepare` wrote.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="The run's folder.", metavar="RUN")],
    preset: Annotated[
        str, typer.Option(help="What to train; --list-presets says what there is.", metavar="NAME")
    ] = "compact",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, if not the preset's.")] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Pictures a step, if not the preset's.")] = None,
    rate: Annotated[float | None, typer.Option(help="The learning rate's peak, if not the preset's.")] = None,
    optimiser: Annotated[str | None, typer.Option(help="sgd or adamw, if not the preset's.")] = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="Mixup's alpha; 0 is off.")] = None,
    patience: Annotated[
        int | None, typer.Option(min=0, help="Stop after so many epochs without a better val; 0 never does.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Reproduces a run on one machine.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; torch's choice if not given.")] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Fuse the network with torch.compile: faster, needs a C++ compiler.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    # Asked for and not named in --help: that would load torch, which takes seconds.
    list_presets: Annotated[  # noqa: ARG001 - its callback does it all
        bool,
        typer.Option("--list-presets", callback=_print_presets, is_eager=True, help="Print the presets and exit."),
    ] = False,
) -> None:
    """Train a network, export its best weights and evaluate them on val.

    RUN then holds history.csv, history.png, checkpoint.pt, weights.onnx, weights.card.json and report/.
    """
    import dataclasses

    from mememoji.datasets.provenance import read_provenance
    from mememoji.errors import InputError, RunError
    from mememoji.training.checkpoint import FILE
    from mememoji.training.device import choose_device, use_threads
    from mememoji.training.fitting import Fitting
    from mememoji.training.recipe import PRESETS

    if preset not in PRESETS:
        raise InputError(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
    use_threads(threads)
    try:
        recipe = PRESETS[preset].with_changes(
            epochs=epochs, batch=batch, rate=rate, optimiser=optimiser, patience=patience, seed=seed
        )
        if mixup is not None:
            recipe = recipe.with_changes(augmentation=dataclasses.replace(recipe.augmentation, mixup=mixup))
    except ValueError as error:
        raise InputError(f"the recipe does not fit: {error}") from error
    if (out / FILE).exists() and not resume:
        raise RunError(f"{out} holds a training already; --resume goes on with it")
    place = choose_device(device)
    splits = _read(data, "train", "val")
    # Before hours of training: a damaged card should not show at their end.
    provenance = read_provenance(data, splits)
    typer.echo(f"{preset}: {len(splits['train']):,} pictures, {recipe.epochs} epochs on {place}", err=True)
    fitting = Fitting(recipe, splits["train"], splits["val"], out, place, compiled=compiled)
    if resume:
        fitting.resume()
    network = fitting.fit()
    _deliver(network, recipe, splits["val"], data, provenance, out / "weights.onnx", out / "report", name=preset)


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, finished or not.", metavar="RUN")],
    data: Annotated[
        Path,
        typer.Option(
            help="The folder that the run was trained with; val.parquet and card.json are read.", metavar="DIR"
        ),
    ],
    out: Annotated[Path, typer.Option(help="The weights file to write, FILE.onnx.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="The model's name in its card.")] = "compact",
) -> None:
    """Export a run's best weights so far and evaluate them on val; the report lands in RUN/report."""
    from mememoji.datasets.provenance import read_provenance
    from mememoji.training.checkpoint import read_checkpoint
    from mememoji.training.networks import build

    saved = read_checkpoint(run)
    splits = _read(data, "val")
    provenance = read_provenance(data, splits)
    network = build(saved.recipe.shape)
    network.load_state_dict(saved.best)
    out.parent.mkdir(parents=True, exist_ok=True)
    _deliver(network, saved.recipe, splits["val"], data, provenance, out, run / "report", name=name)


def _read(data: Path, *names: str) -> dict[str, Split]:
    from mememoji.datasets.splits import read_split

    return {name: read_split(data / f"{name}.parquet") for name in names}


def _deliver(
    network: nn.Module,
    recipe: Recipe,
    val: Split,
    data: Path,
    provenance: Provenance,
    weights: Path,
    report: Path,
    *,
    name: str,
) -> None:
    import dataclasses

    from mememoji.classification.classifier import OnnxClassifier
    from mememoji.evaluation.folder import write_report
    from mememoji.evaluation.markdown import to_text
    from mememoji.evaluation.report import evaluate
    from mememoji.training.export import export as write_weights
    from mememoji.version import __version__
    from mememoji.weights_file import card_path

    card = write_weights(
        network,
        weights,
        val.images[:256],
        name=f"{name}-{__version__}",
        kind=recipe.network,
        trained_on=provenance.trained_on,
        licence=provenance.licence,
        note=provenance.note,
    )
    evaluation = evaluate(OnnxClassifier(weights), data / "val.parquet", progress=True)
    card = dataclasses.replace(card, scores={"val": evaluation.report.headline()})
    card.write(card_path(weights))
    write_report(evaluation, report)
    typer.echo(to_text(evaluation.report))
    typer.echo(f"\n{weights} and its card; the report is {report / 'report.md'}")
