"""`mememoji evaluate`: evaluate a classifier on a split, and on labeled images end to end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Weights, find_classifier_weights
from mememoji.errors import InputError

if TYPE_CHECKING:
    from mememoji.analyzer import Analyzer
    from mememoji.classification.face_classifier import FaceClassifier


def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for the reports and their figures.", metavar="DIR")],
    data: Annotated[
        Path | None,
        typer.Option(help="Split file written by `mememoji data prepare`, such as val.parquet.", metavar="FILE"),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Labeled images to evaluate end to end: a folder of class folders (angry, disgust, fear, happy, sad, "
            "surprise, neutral), or a Parquet file with the columns image and label.",
            metavar="PATH",
        ),
    ] = None,
    classifier: ClassifierName = None,
    weights: Weights = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Second classifier for a paired comparison on the same faces: a name or an ONNX file.",
            metavar="NAME|FILE",
        ),
    ] = None,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    use_boxes: Annotated[
        bool,
        typer.Option(
            "--use-boxes",
            help="Use the boxes and landmarks of the Parquet file of --images instead of running the detector.",
        ),
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            help="Fraction of a box's longer side added on each side of a crop; the detector's own if not given.",
            min=-0.4,
            max=2.0,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Random seed of the example images and of the human panel's splits.", min=0)
    ] = 0,
    figures: Annotated[
        bool,
        typer.Option("--figures/--no-figures", help="Draw the figures that show faces: the examples and the errors."),
    ] = True,
) -> None:
    """Evaluate a classifier on a split (--data), on labeled images end to end (--images), or on both.

    With both, a summary is written beside the two reports: one table of both heads on both datasets.
    """
    from mememoji.classification.onnx_classifier import OnnxClassifier
    from mememoji.evaluation.classification.image_markdown import render_image_text
    from mememoji.evaluation.classification.image_report import evaluate_images
    from mememoji.evaluation.classification.report_writer import write_image_report, write_split_report, write_summary
    from mememoji.evaluation.classification.split_markdown import render_split_text
    from mememoji.evaluation.classification.split_report import evaluate as evaluate_split
    from mememoji.evaluation.classification.summary import render_summary_text
    from mememoji.evaluation.plots import require_matplotlib

    if data is None and images is None:
        raise typer.BadParameter("give a split file, or --images, or both", param_hint="--data")
    if images is None and (use_boxes or margin is not None or detector != "auto" or detector_weights is not None):
        raise typer.BadParameter(
            "--detector, --detector-weights, --use-boxes and --margin need --images", param_hint="--images"
        )
    if use_boxes and images is not None and images.is_dir():
        raise typer.BadParameter("a folder of images has no boxes; leave out --use-boxes", param_hint="--use-boxes")
    require_matplotlib()  # before the evaluation, which may take minutes
    network = OnnxClassifier(find_classifier_weights(classifier, weights))
    other = None if against is None else OnnxClassifier(_find_other(against))
    # Evaluate on both before writing anything, so that a missing file leaves no incomplete reports.
    on_split = None if data is None else evaluate_split(network, data, seed=seed, against=other, progress=True)
    on_images = None
    if images is not None:
        analyzer = _make_analyzer(network, detector, detector_weights, margin)
        on_images = evaluate_images(analyzer, images, use_boxes=use_boxes, against=other, progress=True)
    files: list[Path] = []
    main_files = []
    if on_split is not None:
        files += write_split_report(on_split, out, show_faces=figures)
        main_files.append(out / "report.md")
        typer.echo(f"{network.card.name} on {on_split.report.data['file']}, {len(on_split.split):,} images\n")
        typer.echo(f"{render_split_text(on_split.report)}\n")
    if on_images is not None:
        files += write_image_report(on_images, out, show_faces=figures)
        main_files.append(out / "images.md")
        data_name, num_images = on_images.report.data["name"], len(on_images.faces)
        for name in on_images.report.data["skipped"]["damaged"]:
            typer.echo(f"mememoji: {name} is damaged, too large or not an image; skipped", err=True)
        typer.echo(f"{network.card.name} on {data_name}, {num_images:,} images, end to end\n")
        typer.echo(f"{render_image_text(on_images.report)}\n")
    if on_split is not None and on_images is not None:
        files.append(write_summary(on_split.report, on_images.report, out))
        main_files.insert(0, files[-1])
        typer.echo(f"{render_summary_text(on_split.report, on_images.report)}\n")
    typer.echo(f"{len(files)} files in {out}; start with {main_files[0]}")


def _find_other(against: str) -> Path:
    from mememoji.classification.shipped_classifiers import find_weights

    try:
        return find_weights(against)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--against") from error


def _make_analyzer(
    classifier: "FaceClassifier", detector: str, detector_weights: Path | None, margin: float | None
) -> "Analyzer":
    from mememoji.analyzer import Analyzer
    from mememoji.detection.registry import make_detector

    try:
        return Analyzer(make_detector(detector, detector_weights), classifier, margin=margin)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--detector") from error
