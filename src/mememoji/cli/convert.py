"""`mememoji calibrate` and `mememoji convert`: weights that are as sure as they are right, or faster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mememoji.evaluation.temperature import HeadCalibration


def calibrate(
    weights: Annotated[Path, typer.Argument(help="An ONNX file with its card beside it.", metavar="WEIGHTS")],
    data: Annotated[
        Path, typer.Option(help="A split file that the weights were not trained on: val.parquet.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="The weights file to write; may be WEIGHTS.", metavar="FILE")],
) -> None:
    """Fit a temperature and a floor for each head, so that it is as often right as it is sure.

    Both go into the graph and into the card. The error is cross-fitted: each image is judged by what was fitted on
    others. Which class comes first does not change.
    """
    from mememoji.conversion.evaluate_weights import calibrate_weights
    from mememoji.evaluation.classification.markdown import to_text

    evaluation, found = calibrate_weights(weights, data, out, progress=True)
    typer.echo(to_text(evaluation.report) + "\n")
    for line in calibration_lines(found):
        typer.echo(line)
    typer.echo(f"\n{out} and its card")


def convert(
    weights: Annotated[Path, typer.Argument(help="An ONNX file with its card beside it.", metavar="WEIGHTS")],
    precision: Annotated[str, typer.Option("--to", help="float32, float16 or int8.", metavar="NUMBERS")],
    data: Annotated[
        Path,
        typer.Option(
            help="A folder that `mememoji data prepare` wrote: train shows int8 the ranges, val scores.",
            metavar="DIR",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The weights file to write.", metavar="FILE")],
    ranges: Annotated[
        str, typer.Option(help="How int8 finds ranges: percentile, minmax or entropy.", metavar="NAME")
    ] = "percentile",
    pictures: Annotated[int, typer.Option(help="How many images of train show int8 the ranges.", min=1)] = 512,
    full_range: Annotated[
        bool,
        typer.Option("--full-range", help="Filters of 8 bits instead of 7: wrong on CPU without VNNI."),
    ] = False,
    float_first: Annotated[
        bool, typer.Option("--float-first", help="Leave the first convolution in float32 with int8.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Chooses the images.", min=0)] = 0,
) -> None:
    """Store weights in other numbers, and score them on val. int8 also computes in 8 bits, which is fastest."""
    import numpy as np

    from mememoji.classification.model_card import PRECISIONS
    from mememoji.conversion.convert_weights import convert as write
    from mememoji.conversion.evaluate_weights import score_weights
    from mememoji.datasets.splits import read_split
    from mememoji.errors import InputError
    from mememoji.evaluation.classification.markdown import to_text

    if precision not in PRECISIONS:
        raise InputError(f"--to is one of {', '.join(PRECISIONS)}, got {precision!r}")
    if ranges not in ("percentile", "minmax", "entropy"):
        raise InputError(f"--ranges is percentile, minmax or entropy, got {ranges!r}")
    crops = None
    if precision == "int8":
        images = read_split(data / "train.parquet").images
        chosen = np.random.default_rng(seed).permutation(len(images))[:pictures]
        crops = images[np.sort(chosen)]
    write(weights, out, precision, crops, ranges=ranges, full_range=full_range, float_first=float_first)
    evaluation = score_weights(out, data / "val.parquet", progress=True)
    typer.echo(to_text(evaluation.report))
    typer.echo(f"\n{out} ({out.stat().st_size / 1e6:.2f} MB) and its card")


def calibration_lines(found: "dict[str, HeadCalibration]") -> list[str]:
    """What was fitted, a line for each head, errors in percent."""
    return [
        f"{head}: temperature {c.scaling.temperature:.3f}, floor {c.scaling.floor:.4f}; calibration error "
        f"{100 * c.before:.1f} before, {100 * c.cross_fitted:.1f} cross-fitted, {100 * c.after:.1f} after"
        for head, c in found.items()
    ]
