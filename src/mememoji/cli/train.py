"""`mememoji train` and `mememoji export`: from prepared data to a weights file with its card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mememoji.datasets.splits import Split
    from mememoji.training.classifier.classifier_config import Recipe


def _print_presets(wanted: bool) -> None:
    if not wanted:
        return
    from mememoji.training.classifier.classifier_config import PRESETS
    from mememoji.training.classifier.networks import build, parameter_count
    from mememoji.training.classifier.teachers import TEACHERS

    presets = PRESETS | TEACHERS
    width = max(len(name) for name in presets)
    for name, recipe in presets.items():
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
    batch: Annotated[int | None, typer.Option(min=2, help="Images a step, if not the preset's.")] = None,
    rate: Annotated[float | None, typer.Option(help="The learning rate's peak, if not the preset's.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="sgd or adamw, if not the preset's.")] = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="Mixup's alpha; 0 is off.")] = None,
    patience: Annotated[
        int | None, typer.Option(min=0, help="Stop after so many epochs without a better val; 0 never does.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Reproduces a run on one machine.")] = None,
    teachers: Annotated[
        list[Path] | None,
        typer.Option(
            help="A weights file, a run's folder or a classifier in the package to distill from; may be repeated.",
            metavar="FILE|RUN|NAME",
        ),
    ] = None,
    teaching: Annotated[float | None, typer.Option(help="The teachers' part of the loss, 0 to 1.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Softens what teachers and student say.")] = None,
    faces: Annotated[
        list[str] | None,
        typer.Option(
            help="A face set of `data faces` that fills a share of each batch, 0.3 if not given; may be repeated.",
            metavar="FILE[:SHARE]",
        ),
    ] = None,
    init_from: Annotated[
        Path | None,
        typer.Option(
            help="A run, a weights file or a classifier in the package, of the same network, to initialize from; "
            "random weights if not given.",
            metavar="RUN|FILE|NAME",
        ),
    ] = None,
    sharpness: Annotated[
        float | None, typer.Option(min=0, help="Radius of sharpness-aware minimization; 0 is off.")
    ] = None,
    softened: Annotated[
        float | None, typer.Option(min=0, max=1, help="The part of the epochs in which labels are softened by votes.")
    ] = None,
    crops: Annotated[
        Path | None,
        typer.Option(help="What `data crops` cut: what is no face is learned from it at the end.", metavar="FILE"),
    ] = None,
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
    """Train a network, export its best weights, calibrate and evaluate them on val.

    RUN then holds history.csv, history.png, checkpoint.pt, weights.onnx, weights.card.json and report/. With --resume,
    teachers, faces and crops have to be named again. With --faces, the weights after the last epoch are exported, not
    those of the best val accuracy: val does not tell how well other faces are read.
    """
    import dataclasses

    from mememoji.cli.run import Run, locate_weights
    from mememoji.errors import InputError
    from mememoji.training.classifier.teachers import open_teachers
    from mememoji.training.common.device import choose_device, use_threads

    use_threads(threads)
    try:
        recipe = _preset(preset).with_changes(
            epochs=epochs,
            batch=batch,
            rate=rate,
            optimizer=optimizer,
            patience=patience,
            seed=seed,
            teaching=teaching,
            temperature=temperature,
            sharpness=sharpness,
            softened=softened,
        )
        if mixup is not None:
            recipe = recipe.with_changes(augmentation=dataclasses.replace(recipe.augmentation, mixup=mixup))
    except ValueError as error:
        raise InputError(f"the recipe does not fit: {error}") from error
    place = choose_device(device)
    init_from = None if init_from is None else locate_weights(init_from)
    teachers = [locate_weights(teacher) for teacher in teachers or []]
    run = Run(preset, recipe, data, out, compiled=compiled, initial=init_from)
    run.check(resume=resume)
    if init_from is not None:
        run.learned += f"; initialized from {init_from.name}"
    run.mix_faces(faces or [])
    if teachers:
        run.teachers = open_teachers(teachers, place)
        run.learned += f"; learned from {len(teachers)} teachers: {', '.join(path.name for path in teachers)}"
    if crops is not None:
        run.take_crops(crops)
    run.train(place, resume=resume)


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
    crops: Annotated[
        Path | None,
        typer.Option(
            help="What `data crops` cut: what is no face is learned from it; reads train.parquet.", metavar="FILE"
        ),
    ] = None,
    interpolate_with: Annotated[
        list[Path] | None,
        typer.Option(
            help="A run, a weights file or a classifier in the package that this one was fine-tuned from, or the other "
            "way round: exported are weights between both, see --alpha. May be repeated: each in turn.",
            metavar="RUN|FILE|NAME",
        ),
    ] = None,
    alpha: Annotated[
        list[float] | None,
        typer.Option(
            help="0 is this run, 1 what it is interpolated with, 0.5 if not given; one for each --interpolate-with.",
            min=0,
            max=1,
        ),
    ] = None,
    tau: Annotated[
        float,
        typer.Option(
            help="How far the prior of the emotions in FER+'s votes is taken out of the votes head, 0 to 1; reads "
            "train.parquet.",
            min=0,
            max=1,
        ),
    ] = 0.0,
) -> None:
    """Export a run's best weights so far and evaluate them on val; the report is written to RUN/report.

    A weights file to interpolate with needs train.parquet beside val.parquet: its norms are estimated on it.
    """
    import dataclasses
    import functools

    import numpy as np

    from mememoji.cli.run import deliver, locate_weights, read_splits, reject, rejected
    from mememoji.datasets.fer2013.provenance import read_provenance
    from mememoji.datasets.negatives import read_crops
    from mememoji.errors import InputError
    from mememoji.training.classifier.initialization import load_initial_weights
    from mememoji.training.classifier.interpolation import interpolate_weights
    from mememoji.training.classifier.logit_adjustment import adjust_votes_head
    from mememoji.training.classifier.networks import build
    from mememoji.training.common.checkpoint import read_checkpoint
    from mememoji.training.common.device import choose_device

    saved = read_checkpoint(run)
    splits = read_splits(data, "val")
    provenance = read_provenance(data, splits)
    remarks, weights = saved.remarks, saved.best

    @functools.cache
    def read_train() -> Split:
        return read_splits(data, "train")["train"]

    others = [locate_weights(other) for other in interpolate_with or []]
    alphas = alpha or [0.5] * len(others)
    if len(alphas) != len(others):
        raise InputError(f"there must be an --alpha for each --interpolate-with, got {len(alphas)} for {len(others)}")
    for other, fraction in zip(others, alphas, strict=True):
        # A weights file's norms are estimated on train; a run needs none of it.
        crops_of_train = np.empty((0, 48, 48), np.uint8) if other.is_dir() else read_train().images
        loaded = load_initial_weights(other, saved.recipe.shape, crops_of_train)
        weights = interpolate_weights(weights, loaded, fraction)
        remarks += f"; weights interpolated (alpha {fraction:g}) with {other.name}"
    network = build(saved.recipe.shape)
    network.load_state_dict(weights)
    if tau > 0:
        adjust_votes_head(network, read_train(), tau)
        remarks += f"; logits of the votes adjusted (tau {tau:g})"
    if crops is not None:
        cut = read_crops(crops)
        reject(network, saved.recipe, read_train(), cut, choose_device("auto"))
        remarks += rejected(cut, crops)
    provenance = dataclasses.replace(provenance, trained_on=provenance.trained_on + remarks)
    out.parent.mkdir(parents=True, exist_ok=True)
    deliver(network, saved.recipe, splits["val"], data, provenance, out, run / "report", name=name)


def _preset(name: str) -> Recipe:
    from mememoji.errors import InputError
    from mememoji.training.classifier.classifier_config import PRESETS
    from mememoji.training.classifier.teachers import TEACHERS

    presets = PRESETS | TEACHERS
    if name not in presets:
        raise InputError(f"no preset {name!r}; there are {', '.join(presets)}")
    return presets[name]
