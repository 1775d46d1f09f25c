"""`mememoji evaluate`: how well weights read a split."""

from pathlib import Path
from typing import Annotated

import typer

from mememoji.cli.options import ClassifierName, Weights, find_classifier_weights


def evaluate(
    data: Annotated[
        Path, typer.Option(help="A split file that `mememoji data prepare` wrote, such as val.parquet.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="The folder for report.json, report.md and the figures.", metavar="DIR")],
    classifier: ClassifierName = None,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(help="Chooses the examples and the splits of the panel.", min=0)] = 0,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Draw the examples, which show people's faces.")
    ] = True,
) -> None:
    """Measure how well weights read a split: accuracy, confusions, calibration, agreement with FER+'s annotators."""
    from mememoji.classification.classifier import OnnxClassifier
    from mememoji.evaluation.figures import require
    from mememoji.evaluation.folder import write_report
    from mememoji.evaluation.markdown import to_text
    from mememoji.evaluation.report import evaluate as measure

    require()  # minutes of reading pictures should not end in a missing library
    network = OnnxClassifier(find_classifier_weights(classifier, weights))
    evaluation = measure(network, data, seed=seed, progress=True)
    files = write_report(evaluation, out, pictures=pictures)
    typer.echo(f"{network.card.name} on {data.name}, {len(evaluation.split):,} pictures\n")
    typer.echo(to_text(evaluation.report))
    typer.echo(f"\n{len(files)} files in {out}; begin with {out / 'report.md'}")
