"""Options that several commands share: how faces are found, and what reads them."""

from pathlib import Path
from typing import Annotated

import typer

DetectorName = Annotated[
    str,
    typer.Option(
        help="How faces are found: compact, yunet, haar, whole (the picture is a face), or auto, the best whose "
        "weights are there.",
        metavar="NAME",
    ),
]

DetectorWeights = Annotated[Path | None, typer.Option(help="The detector's weights file.", metavar="FILE")]

Weights = Annotated[
    Path | None,
    typer.Option(help="The classifier's ONNX file, its card beside it; else the weights that ship.", metavar="FILE"),
]
