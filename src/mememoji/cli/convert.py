"""`mememoji calibrate` and `mememoji convert`: calibrate weights, and convert them to another precision."""

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    weights: Annotated[Path, typer.Argument(help="ONNX file with its card beside it.", metavar="WEIGHTS")],
    data: Annotated[
        Path, typer.Option(help="Split file that the weights were not trained on: val.parquet.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="Weights file to write; may be WEIGHTS.", metavar="FILE")],
) -> None:
    """Calibrate each head by temperature scaling with a probability floor.

    Both become part of the graph and of the card. The reported error is cross-fitted: each image is calibrated with
    parameters fitted on other images. Calibration does not change the order of the classes.
    """
    from mememoji.conversion.evaluate_weights import calibrate_weights, format_calibration
    from mememoji.evaluation.classification.split_markdown import render_split_text
    from mememoji.output_files import check_outputs, check_suffix

    check_suffix("--out", out, (".onnx",))
    check_outputs({"--out": out}, {"--data": data})
    evaluation, heads = calibrate_weights(weights, data, out, progress=True)
    typer.echo(render_split_text(evaluation.report) + "\n")
    for line in format_calibration(heads):
        typer.echo(line)
    typer.echo(f"\n{out} and its card")


def convert(
    weights: Annotated[Path, typer.Argument(help="ONNX file with its card beside it.", metavar="WEIGHTS")],
    precision: Annotated[str, typer.Option(help="float32, float16 or int8.", metavar="PRECISION")],
    data: Annotated[
        Path,
        typer.Option(
            help="Folder written by `mememoji data prepare`: train calibrates int8, val evaluates.", metavar="DIR"
        ),
    ],
    out: Annotated[Path, typer.Option(help="Weights file to write.", metavar="FILE")],
    calibration_method: Annotated[
        str,
        typer.Option(help="How int8 finds the activations' ranges: percentile, minmax or entropy.", metavar="METHOD"),
    ] = "percentile",
    calibration_images: Annotated[
        int, typer.Option(help="Number of train images that calibrate the ranges of int8.", min=1)
    ] = 512,
    reduce_range: Annotated[
        bool,
        typer.Option(
            "--reduce-range/--no-reduce-range",
            help="Use 7 instead of 8 bits for int8 filters; with 8 bits, CPUs without VNNI compute wrong results.",
        ),
    ] = True,
    keep_first_float: Annotated[
        bool, typer.Option("--keep-first-float", help="Leave the first convolution in float32 with int8.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Random seed of the choice of calibration images.", min=0)] = 0,
) -> None:
    """Convert weights to another precision and evaluate them on val. int8 also computes in 8 bits, which is fastest."""
    from mememoji.classification.model_card import PRECISIONS
    from mememoji.conversion.convert_weights import convert as convert_weights
    from mememoji.conversion.evaluate_weights import evaluate_weights
    from mememoji.conversion.quantization import CALIBRATION_METHODS, sample_calibration_crops
    from mememoji.datasets.splits import read_split
    from mememoji.errors import InputError
    from mememoji.evaluation.classification.split_markdown import render_split_text
    from mememoji.output_files import check_outputs, check_suffix

    check_suffix("--out", out, (".onnx",))
    check_outputs({"--out": out}, {"WEIGHTS": weights})
    if precision not in PRECISIONS:
        raise InputError(f"--precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    if calibration_method not in CALIBRATION_METHODS:
        raise InputError(
            f"--calibration-method must be one of {', '.join(CALIBRATION_METHODS)}, got {calibration_method!r}"
        )
    crops = None
    if precision == "int8":
        images = read_split(data / "train.parquet").images
        crops = sample_calibration_crops(images, calibration_images, seed=seed)
    convert_weights(
        weights,
        out,
        precision,
        crops,
        calibration_method=calibration_method,
        reduce_range=reduce_range,
        keep_first_float=keep_first_float,
    )
    evaluation = evaluate_weights(out, data / "val.parquet", progress=True)
    typer.echo(render_split_text(evaluation.report))
    typer.echo(f"\n{out} ({out.stat().st_size / 1e6:.2f} MB) and its card")
