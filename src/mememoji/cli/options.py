"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mememoji.analyzer import Analyzer

DetectorName = Annotated[
    str,
    typer.Option(
        help="Face detector: compact, yunet, haar, full-image (the whole image is one face), or auto, the best one "
        "whose weights are available.",
        metavar="NAME",
    ),
]

DetectorWeights = Annotated[Path | None, typer.Option(help="Weights file of the detector.", metavar="FILE")]

ClassifierName = Annotated[
    str | None,
    typer.Option(
        "--classifier",
        help="Classifier from the package, as listed by `mememoji model --list`; compact if not given.",
        metavar="NAME",
    ),
]

Weights = Annotated[
    Path | None,
    typer.Option(help="ONNX file of a classifier with its card beside it, instead of --classifier.", metavar="FILE"),
]

Smoothing = Annotated[
    float,
    typer.Option(min=0, help="Time constant of the smoothing of compositions; 0 turns it off.", metavar="SECONDS"),
]


def find_classifier_weights(classifier: str | None, weights: Path | None) -> Path:
    """Return the weights file that `--classifier` or `--weights` selects, or the default one.

    Raises:
        typer.BadParameter: Both options are given, or no classifier has this name.
        ModelError: The default weights are missing from this installation.
    """
    from mememoji.classification.shipped_classifiers import find_weights
    from mememoji.errors import InputError

    if classifier is not None and weights is not None:
        raise typer.BadParameter("--classifier and --weights exclude each other; give one", param_hint="--classifier")
    try:
        return find_weights(weights or classifier)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--classifier") from error


def make_analyzer(
    detector: str,
    detector_weights: Path | None,
    classifier: str | None,
    weights: Path | None,
    *,
    small_faces: bool = False,
) -> "Analyzer":
    """Make the analyzer that the options of a command select.

    Raises:
        typer.BadParameter: The options for the detector or for the classifier are not valid.
        ModelError: Weights are missing or do not match their card.
    """
    from mememoji.analyzer import Analyzer
    from mememoji.detection.registry import make_detector
    from mememoji.errors import InputError

    try:
        face_detector = make_detector(detector, detector_weights, small_faces=small_faces)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--detector") from error
    return Analyzer(face_detector, find_classifier_weights(classifier, weights))
