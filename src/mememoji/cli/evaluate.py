"""`mememoji evaluate`: how well weights read a split."""

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    data: Annotated[
        Path, typer.Option(help="A split file that `mememoji data prepare` wrote, such as val.parquet.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="The folder for report.json, report.md and the figures.", metavar="DIR")],
    weights: Annotated[
        Path | None,
        typer.Option(help="An ONNX file with its card beside it; the weights that ship if not given.", metavar="FILE"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses the examples and the splits of the panel.", min=0)] = 0,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Draw the examples, which show people's faces.")
    ] = True,
) -> None:
    """Measure how well weights read a split: accuracy, confusions, calibration, agreement with FER+'s annotators."""
    from mememoji.classification.classifier import OnnxClassifier
    from mememoji.classification.weights import shipped_classifier
    from mememoji.evaluation.figures import require
    from mememoji.evaluation.folder import write_report
    from mememoji.evaluation.markdown import to_text
    from mememoji.evaluation.report import evaluate as measure

    require()  # minutes of reading pictures should not end in a missing library
    classifier = shipped_classifier() if weights is None else OnnxClassifier(weights)
    evaluation = measure(classifier, data, seed=seed, progress=True)
    files = write_report(evaluation, out, pictures=pictures)
    typer.echo(f"{classifier.card.name} on {data.name}, {len(evaluation.split):,} pictures\n")
    typer.echo(to_text(evaluation.report))
    typer.echo(f"\n{len(files)} files in {out}; begin with {out / 'report.md'}")
