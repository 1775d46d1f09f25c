"""`mememoji distill`: train teachers, and distill a student from their ensemble, in one resumable command."""

from pathlib import Path
from typing import Annotated

import typer

from mememoji.cli.train import DeviceName, Faces, Negatives, Threads, locate_weights, parse_face_sets, print_progress


def distill(
    data: Annotated[Path, typer.Option(help="Folder written by `mememoji data prepare`.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Folder for all results.", metavar="DIR")],
    teachers: Annotated[
        list[str] | None,
        typer.Option(help="Preset of a teacher; may be repeated. All teacher-… presets if not given.", metavar="NAME"),
    ] = None,
    student: Annotated[str, typer.Option(help="Preset of the student.", metavar="NAME")] = "compact-gpu",
    teacher_epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; the presets' if not given.")] = None,
    student_epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; the preset's if not given.")] = None,
    cached_views: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Augmented views per image for which teacher outputs are cached, 32 if not given; 0 runs the teachers "
            "in each epoch.",
        ),
    ] = None,
    teachers_from: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run folder, weights file or classifier in the package from which the teachers are distilled; may be "
            "repeated.",
            metavar="RUN|FILE|NAME",
        ),
    ] = None,
    negatives: Negatives = None,
    faces: Faces = None,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Also train the student without teachers, for comparison.")
    ] = False,
    batch_size: Annotated[int | None, typer.Option(min=2, help="Images per step; the presets' if not given.")] = None,
    device: DeviceName = "auto",
    threads: Threads = None,
    compile_model: Annotated[
        bool, typer.Option("--compile", help="Fuse the networks with torch.compile: faster, needs a C++ compiler.")
    ] = False,
    train_only: Annotated[
        bool,
        typer.Option("--train-only", help="Train only; a later call writes exports and reports, which use the CPU."),
    ] = False,
) -> None:
    """Train teachers, evaluate their ensemble, distill a student from them, and convert it to int8.

    DIR then contains teachers/NAME, ensemble/, student/ and, with --baseline, baseline/ with their reports,
    compact.onnx with its card, and summary.md. Called again, the command continues: finished trainings are kept, and
    others resume from their last checkpoint.

    With --teachers-from, the new teachers are distilled from the student of an earlier call (Furlanello et al. 2018,
    "Born-Again Neural Networks").
    """
    from mememoji.errors import InputError
    from mememoji.training.classifier.classifier_presets import TEACHER_PRESETS, find_preset
    from mememoji.training.classifier.distillation import (
        NUM_CACHED_VIEWS,
        STUDENT_WEIGHTS,
        Distillation,
        render_summary,
    )
    from mememoji.training.common.device import choose_device, set_num_threads

    set_num_threads(threads)
    try:
        distillation = Distillation(
            teachers={
                name: find_preset(name).with_changes(epochs=teacher_epochs, batch_size=batch_size)
                for name in teachers or TEACHER_PRESETS
            },
            student=find_preset(student).with_changes(epochs=student_epochs, batch_size=batch_size),
            data=data,
            out=out,
            num_cached_views=NUM_CACHED_VIEWS if cached_views is None else cached_views,
            teachers_from=[locate_weights(source) for source in teachers_from or []],
            face_sets=parse_face_sets(faces or []),
            negatives=negatives,
            baseline=baseline,
            device=choose_device(device),
            compile_model=compile_model,
            log=print_progress,
        )
    except ValueError as error:
        raise InputError(f"invalid training options: {error}") from error
    if train_only:
        distillation.train()
        typer.echo(f"trained; run the command without --train-only to write the exports and reports in {out}")
        return
    summary = render_summary(distillation.run())
    typer.echo(f"\n{summary}\nall results are in {out}; {out / STUDENT_WEIGHTS} is the file to use")
