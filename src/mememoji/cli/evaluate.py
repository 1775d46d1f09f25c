"""`mememoji evaluate`: how well weights read a split, and images from end to end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mememoji.cli.options import ClassifierName, DetectorName, DetectorWeights, Weights, find_classifier_weights
from mememoji.errors import InputError

if TYPE_CHECKING:
    from mememoji.analyzer import Analyzer
    from mememoji.classification.onnx_classifier import FaceClassifier


def evaluate(
    out: Annotated[Path, typer.Option(help="The folder for the reports and their figures.", metavar="DIR")],
    data: Annotated[
        Path | None,
        typer.Option(help="A split file that `mememoji data prepare` wrote, such as val.parquet.", metavar="FILE"),
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
            help="A second classifier, to compare with on the same faces by a paired test: a name or an ONNX file.",
            metavar="NAME|FILE",
        ),
    ] = None,
    detector: DetectorName = "auto",
    detector_weights: DetectorWeights = None,
    use_boxes: Annotated[
        bool,
        typer.Option(
            "--use-boxes",
            help="Take boxes and landmarks from the Parquet file of --images instead of running the detector.",
        ),
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            help="The fraction of a box's longer side added on each side of a crop; the detector's own if not given.",
            min=-0.4,
            max=2.0,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses the examples and the splits of the panel.", min=0)] = 0,
    pictures: Annotated[
        bool,
        typer.Option("--pictures/--no-pictures", help="Draw the examples and the errors, which show people's faces."),
    ] = True,
) -> None:
    """Measure how well weights read a split (--data), or images from end to end (--images), or both.

    With both there is a summary beside the two reports: one table of both heads on both datasets.
    """
    from mememoji.classification.onnx_classifier import OnnxClassifier
    from mememoji.evaluation.classification.classification_figures import require
    from mememoji.evaluation.classification.image_markdown import image_text
    from mememoji.evaluation.classification.image_report import evaluate_images
    from mememoji.evaluation.classification.markdown import to_text
    from mememoji.evaluation.classification.report import evaluate as measure
    from mememoji.evaluation.classification.report_folder import write_image_report, write_report, write_summary
    from mememoji.evaluation.classification.summary import summary_text

    if data is None and images is None:
        raise typer.BadParameter("name a split file, or --images, or both", param_hint="--data")
    if images is None and (use_boxes or margin is not None or detector != "auto" or detector_weights is not None):
        raise typer.BadParameter(
            "--detector, --detector-weights, --use-boxes and --margin need --images", param_hint="--images"
        )
    if use_boxes and images is not None and images.is_dir():
        raise typer.BadParameter("a folder holds no boxes; leave it out", param_hint="--use-boxes")
    require()  # minutes of reading images should not end in a missing library
    network = OnnxClassifier(find_classifier_weights(classifier, weights))
    other = None if against is None else OnnxClassifier(_find_other(against))
    # Both are measured before anything is written: a missing file leaves nothing behind.
    split = None if data is None else measure(network, data, seed=seed, against=other, progress=True)
    found = None
    if images is not None:
        analyzer = _analyzer(network, detector, detector_weights, margin)
        found = evaluate_images(analyzer, images, use_boxes=use_boxes, against=other, progress=True)
    files: list[Path] = []
    begin = []
    if split is not None:
        files += write_report(split, out, pictures=pictures)
        begin.append(out / "report.md")
        typer.echo(f"{network.card.name} on {split.report.data['file']}, {len(split.split):,} images\n")
        typer.echo(f"{to_text(split.report)}\n")
    if found is not None:
        files += write_image_report(found, out, pictures=pictures)
        begin.append(out / "images.md")
        for name in found.report.data["skipped"]["damaged"]:
            typer.echo(f"mememoji: {name} is damaged, too large or not an image; skipped", err=True)
        typer.echo(f"{network.card.name} on {found.report.data['name']}, {len(found.faces):,} images, end to end\n")
        typer.echo(f"{image_text(found.report)}\n")
    if split is not None and found is not None:
        files.append(write_summary(split.report, found.report, out))
        begin.insert(0, files[-1])
        typer.echo(f"{summary_text(split.report, found.report)}\n")
    typer.echo(f"{len(files)} files in {out}; begin with {begin[0]}")


def _find_other(against: str) -> Path:
    from mememoji.classification.shipped_classifiers import find_weights

    try:
        return find_weights(against)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--against") from error


def _analyzer(
    classifier: "FaceClassifier", detector: str, detector_weights: Path | None, margin: float | None
) -> "Analyzer":
    from mememoji.analyzer import Analyzer
    from mememoji.detection.registry import make_detector

    try:
        return Analyzer(make_detector(detector, detector_weights), classifier, margin=margin)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--detector") from error
