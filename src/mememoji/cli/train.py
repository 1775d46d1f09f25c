"""`mememoji train` and `mememoji export`: train on prepared data, export the weights with their card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from mememoji.training.classifier.batch_sampler import MixedFaceSet
    from mememoji.training.classifier.trained_classifier import TrainedClassifier

DEFAULT_SHARE: Final = 0.3
"""A face set's share of each batch if `--faces` gives none."""

Faces = Annotated[
    list[str] | None,
    typer.Option(
        help="Face set from `data faces` to mix into each batch, with its share of the batch (0.3 if not given); may "
        "be repeated.",
        metavar="FILE[:SHARE]",
    ),
]
Negatives = Annotated[
    Path | None,
    typer.Option(help="Crops from `data crops`, used to fit the non-face output after training.", metavar="FILE"),
]
DeviceName = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; torch's default if not given.")]


def _print_presets(requested: bool) -> None:
    if not requested:
        return
    from mememoji.training.classifier.classifier_presets import PRESETS, TEACHER_PRESETS
    from mememoji.training.classifier.networks import build_model
    from mememoji.training.common.model_size import count_parameters

    presets = PRESETS | TEACHER_PRESETS
    width = max(len(name) for name in presets)
    for name, config in presets.items():
        num_parameters = count_parameters(build_model(config.model))
        typer.echo(f"{name:<{width}}  {config.architecture}, {num_parameters:,} parameters, {config.epochs} epochs")
    raise typer.Exit


def train(
    data: Annotated[Path, typer.Option(help="Folder written by `mememoji data prepare`.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Run folder to write.", metavar="RUN")],
    preset: Annotated[
        str, typer.Option(help="Training preset; --list-presets prints them.", metavar="NAME")
    ] = "compact",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; the preset's if not given.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=2, help="Images per step; the preset's if not given.")] = None,
    lr: Annotated[float | None, typer.Option(help="Peak learning rate; the preset's if not given.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="sgd or adamw; the preset's if not given.")] = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="Alpha of mixup; 0 turns it off.")] = None,
    patience: Annotated[
        int | None, typer.Option(min=0, help="Epochs without a better val accuracy before stopping; 0 never stops.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Random seed; it reproduces a run on one machine.")] = None,
    teachers: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run folder, weights file or classifier in the package to distill from; may be repeated.",
            metavar="RUN|FILE|NAME",
        ),
    ] = None,
    distill_weight: Annotated[
        float | None, typer.Option(help="Weight of the teachers in the loss, 0 to 1; the preset's if not given.")
    ] = None,
    distill_temperature: Annotated[
        float | None, typer.Option(help="Temperature of the distillation loss; the preset's if not given.")
    ] = None,
    cached_views: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Augmented views per image for which teacher outputs are cached; 0 runs the teachers in each epoch.",
        ),
    ] = None,
    faces: Faces = None,
    init_from: Annotated[
        Path | None,
        typer.Option(
            help="Run folder, weights file or classifier in the package, of the same architecture, to initialize from; "
            "random weights if not given.",
            metavar="RUN|FILE|NAME",
        ),
    ] = None,
    sam_rho: Annotated[
        float | None, typer.Option(min=0, help="Radius of sharpness-aware minimization (SAM); 0 turns it off.")
    ] = None,
    soft_label_epochs: Annotated[
        float | None, typer.Option(min=0, max=1, help="Fraction of the epochs in which FER+'s votes soften labels.")
    ] = None,
    negatives: Negatives = None,
    device: DeviceName = "auto",
    threads: Threads = None,
    compile_model: Annotated[
        bool, typer.Option("--compile", help="Fuse the network with torch.compile: faster, needs a C++ compiler.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Resume from the run's last checkpoint.")] = False,
    # The presets are not in --help: listing them loads torch, which takes seconds.
    list_presets: Annotated[  # noqa: ARG001 - its callback does everything
        bool,
        typer.Option("--list-presets", callback=_print_presets, is_eager=True, help="Print the presets and exit."),
    ] = False,
) -> None:
    """Train a network, export its best weights, calibrate and evaluate them on val.

    RUN then contains history.csv, history.png, checkpoint.pt, weights.onnx, weights.card.json and report/. With
    --resume, --teachers, --faces and --negatives must be given again. With --faces, the weights after the last epoch
    are exported, not those with the best accuracy on val, which does not predict the accuracy on other faces.
    """
    import dataclasses

    from mememoji.errors import InputError
    from mememoji.training.classifier.classifier_pipeline import train_classifier
    from mememoji.training.classifier.classifier_presets import find_preset
    from mememoji.training.common.device import choose_device, set_num_threads

    set_num_threads(threads)
    try:
        config = find_preset(preset).with_changes(
            epochs=epochs,
            batch_size=batch_size,
            lr=lr,
            optimizer=optimizer,
            early_stopping_patience=patience,
            seed=seed,
            distillation_weight=distill_weight,
            distillation_temperature=distill_temperature,
            num_cached_views=cached_views,
            sam_rho=sam_rho,
            soft_label_epochs=soft_label_epochs,
        )
        if mixup is not None:
            augmentation = dataclasses.replace(config.augmentation, mixup_alpha=mixup)
            config = config.with_changes(augmentation=augmentation)
    except ValueError as error:
        raise InputError(f"invalid training options: {error}") from error
    trained = train_classifier(
        config,
        data,
        out,
        name=preset,
        device=choose_device(device),
        teachers=[locate_weights(teacher) for teacher in teachers or []],
        face_sets=parse_face_sets(faces or []),
        init_from=None if init_from is None else locate_weights(init_from),
        negatives=negatives,
        compile_model=compile_model,
        resume=resume,
        log=print_progress,
    )
    _print_result(trained, out / "report")


def export(
    run: Annotated[Path, typer.Argument(help="Run folder, finished or not.", metavar="RUN")],
    data: Annotated[
        Path,
        typer.Option(help="Folder that the run was trained with; val.parquet and card.json are read.", metavar="DIR"),
    ],
    out: Annotated[Path, typer.Option(help="Weights file to write, FILE.onnx.", metavar="FILE")],
    name: Annotated[str, typer.Option(help="Model name in the card.")] = "compact",
    negatives: Annotated[
        Path | None,
        typer.Option(
            help="Crops from `data crops` to fit the non-face output; also reads train.parquet.", metavar="FILE"
        ),
    ] = None,
    interpolate_with: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run folder, weights file or classifier in the package with which to interpolate the weights, see "
            "--alpha: one that RUN was fine-tuned from, or one fine-tuned from RUN. May be repeated, in order.",
            metavar="RUN|FILE|NAME",
        ),
    ] = None,
    alpha: Annotated[
        list[float] | None,
        typer.Option(
            help="Interpolation weight: 0 is RUN, 1 the other; 0.5 if not given. Give one for each --interpolate-with.",
            min=0,
            max=1,
        ),
    ] = None,
    tau: Annotated[
        float,
        typer.Option(
            help="Strength of the logit adjustment, which removes the class prior of FER+'s votes from the votes head, "
            "0 to 1; also reads train.parquet.",
            min=0,
            max=1,
        ),
    ] = 0.0,
) -> None:
    """Export a run's best weights so far and evaluate them on val; the report is written to RUN/report.

    To interpolate with a weights file, train.parquet is read too: the file's norms are estimated on it.
    """
    from mememoji.errors import InputError
    from mememoji.output_files import check_outputs, check_suffix

    others = [locate_weights(other) for other in interpolate_with or []]
    check_suffix("--out", out, (".onnx",))
    check_outputs(
        {"--out": out}, {"--negatives": negatives} | {f"--interpolate-with {n}": o for n, o in enumerate(others, 1)}
    )
    alphas = alpha or [0.5] * len(others)
    if len(alphas) != len(others):
        raise InputError(f"each --interpolate-with must have one --alpha, got {len(alphas)} for {len(others)}")
    from mememoji.training.classifier.trained_classifier import export_run

    exported = export_run(
        run,
        data,
        out,
        name=name,
        negatives=negatives,
        interpolate_with=list(zip(others, alphas, strict=True)),
        tau=tau,
    )
    _print_result(exported, run / "report")


def parse_face_sets(requests: list[str]) -> list[MixedFaceSet]:
    """Parse the values of `--faces` and read the face sets.

    Raises:
        DatasetError: A file does not exist or is not a face set.
        InputError: A share is out of range, or the shares leave nothing of a batch.
    """
    from mememoji.errors import InputError
    from mememoji.training.classifier.batch_sampler import MixedFaceSet

    parsed = [parse_share(request) for request in requests]
    if sum(share for _, share in parsed) >= 1.0:
        raise InputError(f"the shares of all face sets must sum to less than 1, got {requests}")
    return [MixedFaceSet.from_file(path, share) for path, share in parsed]


def parse_share(request: str) -> tuple[Path, float]:
    """Parse `FILE:SHARE`, or `FILE` with the default share.

    Raises:
        InputError: The share is not a number in (0, 1).
    """
    from mememoji.errors import InputError

    path, colon, share = request.rpartition(":")
    if Path(request).exists():
        return Path(request), DEFAULT_SHARE
    # A path may contain a colon itself, as on Windows; the text after it is then not a number.
    try:
        value = float(share) if colon else DEFAULT_SHARE
    except ValueError:
        path, value = request, DEFAULT_SHARE
    if not 0.0 < value < 1.0:
        raise InputError(f"the share of a face set must be in (0, 1), got {request!r}; write FILE:0.3")
    return Path(path if colon else request), value


def locate_weights(source: Path) -> Path:
    """Return the weights file in the package for a classifier's name; a run folder or weights file is returned as is.

    Raises:
        InputError: The source is neither a file or folder nor the name of a classifier.
    """
    from mememoji.classification.shipped_classifiers import find_shipped_weights

    return source if source.exists() or source.suffix else find_shipped_weights(str(source))


def print_progress(line: str) -> None:
    """Print a line about the current stage to stderr."""
    typer.echo(line, err=True)


def _print_result(trained: TrainedClassifier, report: Path) -> None:
    from mememoji.conversion.evaluate_weights import format_calibration
    from mememoji.evaluation.classification.split_markdown import render_split_text

    typer.echo(render_split_text(trained.report))
    if trained.calibrations:
        typer.echo("\n" + "\n".join(format_calibration(trained.calibrations)))
    typer.echo(f"\n{trained.weights} and its card; the report is {report / 'report.md'}")
