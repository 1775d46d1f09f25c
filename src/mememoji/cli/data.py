"""`mememoji data`: data sets of faces in, split files out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Prepare data sets of faces.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Prepare data sets of faces."""


@app.command()
def prepare(
    source: Annotated[
        Path,
        typer.Argument(
            help="FER2013: fer2013.csv, plain or compressed (.gz, .bz2, .xz, .zip, .tar.gz); Parquet; or a folder "
            "train/<emotion>/*.jpg."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder to write. It appears when all is done; an earlier output there is replaced."),
    ],
    votes: Annotated[
        Path | None, typer.Option(help="FER+'s fer2013new.csv, whose rows are those of the source.")
    ] = None,
    keep_duplicates: Annotated[
        bool,
        typer.Option(
            "--keep-duplicates", help="Keep pictures in train that show the same photograph as one of val or test."
        ),
    ] = False,
) -> None:
    """Write train.parquet, val.parquet, test.parquet, card.json, faces.png and classes.png.

    Pictures of train that are duplicates of a held-out one, exact or near, are left out, and listed in card.json.
    """
    from mememoji.datasets.preparing import prepare as prepare_data

    card = prepare_data(source, votes, out, keep_duplicates=keep_duplicates, progress=True)
    for line in _summary(card, out):
        typer.echo(line)


def _summary(card: dict[str, Any], out: Path) -> Iterator[str]:
    width = max(len(name) for name in card["splits"])
    for name, split in card["splits"].items():
        classes = ", ".join(f"{emotion} {count:,}" for emotion, count in split["classes_6"].items())
        yield f"{name:<{width}}  {split['pictures']:>6,} pictures: {classes}"
    leaks = card["leaks"]
    if leaks["count"]:
        fate = "left out of train" if leaks["left_out_of_train"] else "kept in train, as asked"
        yield f"{leaks['count']:,} pictures show the same photograph as a held-out one: {fate}"
    yield f"written to {out}"
