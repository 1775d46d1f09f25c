"""Options that several commands share: the detector and the classifier."""

from pathlib import Path
from typing import Annotated

import typer

DetectorName = Annotated[
    str,
    typer.Option(
        help="How faces are found: compact, yunet, haar, whole (the image is a face), or auto, the best whose "
        "weights are there.",
        metavar="NAME",
    ),
]

DetectorWeights = Annotated[Path | None, typer.Option(help="The detector's weights file.", metavar="FILE")]

ClassifierName = Annotated[
    str | None,
    typer.Option(
        "--classifier",
        help="A classifier in the package, as `mememoji model --list` names them; compact if not given.",
        metavar="NAME",
    ),
]

Weights = Annotated[
    Path | None,
    typer.Option(help="The classifier's ONNX file with its card beside it, in place of --classifier.", metavar="FILE"),
]


def find_classifier_weights(classifier: str | None, weights: Path | None) -> Path:
    """Find the weights file that `--classifier` or `--weights` names; the default where neither is given.

    Raises:
        typer.BadParameter: both are given, or there is no classifier of this name.
        ModelError: the default weights are missing from this installation.
    """
    from mememoji.classification.shipped_classifiers import find_weights
    from mememoji.errors import InputError

    if classifier is not None and weights is not None:
        raise typer.BadParameter("--classifier and --weights exclude each other; give one", param_hint="--classifier")
    try:
        return find_weights(weights or classifier)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--classifier") from error
