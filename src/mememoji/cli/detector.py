"""`mememoji detector`: which face detectors there are, and their weights."""

from typing import Annotated

import typer

app = typer.Typer(help="See which face detectors are there, and download weights.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the detectors, which of them are usable, and which one `auto` takes."""
    from mememoji.detection.choice import KINDS, chosen

    auto = chosen()
    rows = [("detector", "usable", "auto", "what it is")]
    for kind in KINDS:
        usable = "yes" if kind.usable else f"no: mememoji detector fetch {kind.name}"
        rows.append((kind.name, usable, "takes it" if kind is auto else "", kind.summary))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="The detector: yunet.", metavar="DETECTOR")],
) -> None:
    """Download a detector's weights, once, and check them by their hash."""
    from mememoji.detection.choice import kind_of
    from mememoji.errors import InputError

    try:
        weights = kind_of(name).weights
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="DETECTOR") from error
    if weights is None:
        typer.echo(f"{name} needs no download")
        return
    there = weights.is_there()
    path = weights.fetch()
    if there:
        typer.echo(f"{path} is there already")
    else:
        typer.echo(f"{path} ({path.stat().st_size:,} bytes, licence {weights.licence}) from {weights.url}")
