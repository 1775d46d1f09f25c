"""`mememoji distill`: teachers, their ensemble, and a student that learned from them, in one resumable command."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from mememoji.cli.run import Run
    from mememoji.evaluation.classification.report import Report
    from mememoji.training.common.device import Device

LESSONS: Final = 32
"""Versions of each image, if no other number is given."""


def distill(
    data: Annotated[Path, typer.Option(help="A folder that `mememoji data prepare` wrote.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="The folder for everything that comes out.", metavar="DIR")],
    teachers: Annotated[
        list[str] | None,
        typer.Option(help="A teacher's preset; may be given again. All of teacher-… if not given.", metavar="NAME"),
    ] = None,
    student: Annotated[str, typer.Option(help="The student's preset.", metavar="NAME")] = "compact-gpu",
    teacher_epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, if not the presets'.")] = None,
    student_epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, if not the preset's.")] = None,
    lessons: Annotated[
        int, typer.Option(min=0, help="Versions of each image that the teachers see; 0: a new one each epoch.")
    ] = LESSONS,
    taught_by: Annotated[
        list[Path] | None,
        typer.Option(help="A run or weights file that the teachers learn from too; may be given again.", metavar="RUN"),
    ] = None,
    crops: Annotated[
        Path | None,
        typer.Option(help="What `data crops` cut: the student learns from it what is no face.", metavar="FILE"),
    ] = None,
    faces: Annotated[
        list[str] | None,
        typer.Option(
            help="A face set of `data faces` that fills a share of each batch of teachers and student alike, 0.3 if "
            "not given; may be repeated.",
            metavar="FILE[:SHARE]",
        ),
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Train the student without teachers too, for comparison.")
    ] = False,
    batch: Annotated[int | None, typer.Option(min=2, help="Images a step, if not the presets'.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; torch's choice if not given.")] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Fuse the networks with torch.compile: faster, needs a C++ compiler.")
    ] = False,
    train_only: Annotated[
        bool, typer.Option("--train-only", help="Leave exports and reports, a CPU's work, to a later call.")
    ] = False,
) -> None:
    """Train teachers, measure their ensemble, train a student from them, and make its 8-bit weights.

    DIR then holds teachers/NAME, ensemble/, student/ and, if asked for, alone/ with their reports, compact.onnx with
    its card, and summary.md. Called again it goes on where it stopped: what is finished is kept, a training goes on
    from its last checkpoint.

    With --taught-by a student of an earlier call teaches the next teachers (Furlanello et al. 2018, "Born-Again Neural
    Networks").
    """
    from mememoji.cli.run import Run
    from mememoji.errors import InputError
    from mememoji.training.classifier.classifier_config import PRESETS
    from mememoji.training.classifier.teachers import TEACHERS, open_teachers
    from mememoji.training.common.device import choose_device, use_threads

    chosen = teachers or list(TEACHERS)
    presets = PRESETS | TEACHERS
    unknown = [name for name in (*chosen, student) if name not in presets]
    if unknown:
        raise InputError(f"no preset {unknown[0]!r}; there are {', '.join(presets)}")
    use_threads(threads)
    place = choose_device(device)
    runs = {name: out / "teachers" / name for name in chosen}
    earlier = open_teachers(taught_by or [], place)
    steps = []
    for name, run in runs.items():
        recipe = presets[name].with_changes(epochs=teacher_epochs, batch=batch, lessons=lessons if earlier else None)
        learned = _from_teachers(len(earlier))
        steps.append(Run(name, recipe, data, run, compiled=compiled, teachers=earlier, learned=learned))
    learner = presets[student].with_changes(epochs=student_epochs, batch=batch)
    if alone:
        steps.append(Run("alone", learner, data, out / "alone", compiled=compiled))
    pupil = Run("student", learner.with_changes(lessons=lessons), data, out / "student", compiled=compiled)
    pupil.learned = _from_teachers(len(runs))
    for step in (*steps, pupil):
        step.mix_faces(faces or [])
    if crops is not None:
        pupil.take_crops(crops)

    reports: dict[str, Report] = {}
    for step in [*steps, pupil]:
        if step is pupil:
            if not train_only:
                reports["ensemble"] = _ensemble(list(runs.values()), data, out / "ensemble")
            step.teachers = open_teachers(list(runs.values()), place)
        if train_only:
            step.fit(place, resume=step.is_begun)
        else:
            reports[step.name] = _reported(step, place)
    if train_only:
        typer.echo(f"trained; the same command without --train-only writes what {out} still lacks")
        return
    reports["student, int8"] = _shipped(out / "student" / "weights.onnx", data, out / "compact.onnx")
    (out / "summary.md").write_text(_summary(reports), encoding="utf-8")
    typer.echo(f"\n{_summary(reports)}\nall of it lies in {out}; {out / 'compact.onnx'} is what to use")


def _from_teachers(count: int) -> str:
    return f"; learned from {count} teachers trained on the same images" if count else ""


def _reported(run: Run, place: Device) -> Report:
    from mememoji.classification.onnx_classifier import OnnxClassifier
    from mememoji.evaluation.classification.report import evaluate

    # The report is a run's last work: where it stands, the run is finished.
    if (run.out / "report" / "report.json").is_file():
        typer.echo(f"{run.name}: finished already", err=True)
        return evaluate(OnnxClassifier(run.out / "weights.onnx"), run.data / "val.parquet").report
    return run.train(place, resume=run.is_begun).report


def _ensemble(runs: list[Path], data: Path, out: Path) -> Report:
    from mememoji.classification.ensemble import Ensemble
    from mememoji.classification.onnx_classifier import OnnxClassifier
    from mememoji.evaluation.classification.report import evaluate
    from mememoji.evaluation.classification.report_folder import write_report

    members = [OnnxClassifier(run / "weights.onnx") for run in runs]
    evaluation = evaluate(Ensemble(members), data / "val.parquet", progress=True)
    write_report(evaluation, out, pictures=False)
    return evaluation.report


def _shipped(weights: Path, data: Path, out: Path) -> Report:
    import numpy as np

    from mememoji.classification.model_card import ModelCard
    from mememoji.conversion.convert_weights import convert
    from mememoji.conversion.evaluate_weights import calibrate_weights
    from mememoji.conversion.quantization import PICTURES
    from mememoji.datasets.splits import read_split
    from mememoji.model_files import card_path
    from mememoji.version import __version__

    images = read_split(data / "train.parquet").images
    convert(weights, out, "int8", images[np.sort(np.random.default_rng(0).permutation(len(images))[:PICTURES])])
    card = ModelCard.read(card_path(out))
    dataclasses.replace(card, name=f"{out.stem}-{__version__}").write(card_path(out))
    evaluation, _ = calibrate_weights(out, data / "val.parquet", out, progress=True)
    return evaluation.report


def _summary(reports: dict[str, Report]) -> str:
    columns = {
        "accuracy, 7": "accuracy_7",
        "mirrored": "accuracy_7_mirrored",
        "calibration error, labels": "calibration_error_labels",
        "votes": "calibration_error_votes",
    }
    lines = ["| on val, in percent | parameters | " + " | ".join(columns) + " | variation | cosine |"]
    lines.append("|---" * (len(columns) + 4) + "|")
    for name, report in reports.items():
        figures = report.headline()
        shares = " | ".join(f"{100 * figures[key]:.1f}" if key in figures else "–" for key in columns.values())
        close = (figures.get(f"composition_{key}") for key in ("total_variation", "cosine"))
        agreement = " | ".join("–" if value is None else f"{value:.3f}" for value in close)
        lines.append(f"| {name} | {report.weights['parameters']:,} | {shares} | {agreement} |")
    return "\n".join(lines) + "\n"
