"""`mememoji store`: what the service remembers, counted, deleted when expired, exported as a training set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mememoji.storage.image_store import StoreStatistics

app = typer.Typer(help="Look after the service's stored images.", no_args_is_help=True)

# Equals `DEFAULT_URL` of storage.choice, which a test holds: importing it would load numpy for every --help.
_DEFAULT = "sqlite:///mememoji.db"
_Store = Annotated[
    str,
    typer.Option(
        help="sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE or mongodb://HOST/DATABASE.",
        metavar="URL",
        envvar="MEMEMOJI_STORE",
    ),
]


@app.callback()
def store() -> None:
    """Look after the service's stored images."""


@app.command()
def export(
    out: Annotated[
        Path,
        typer.Option(
            help="Folder to write. It appears when all is done; an earlier output there is replaced.", metavar="DIR"
        ),
    ],
    store: _Store = _DEFAULT,
    val_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="About which part of the images goes to val.")
    ] = 0.1,
) -> None:
    """Write the faces with feedback as a training set: train.parquet, val.parquet, card.json.

    A face's label is what most people said, and of equals what was said last. `mememoji train --data DIR` reads it.
    """
    from contextlib import closing

    from mememoji.storage.factory import open_store
    from mememoji.storage.feedback_export import write_training_set

    with closing(open_store(store, create=False)) as opened:
        card = write_training_set(opened, out, val_share=val_share, progress=True)
    for line in _export_lines(card, out):
        typer.echo(line)


@app.command()
def stats(
    store: _Store = _DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Count images, faces and feedback."""
    from contextlib import closing

    from mememoji.storage.factory import open_store

    with closing(open_store(store, create=False)) as opened:
        statistics = opened.statistics()
    if as_json:
        typer.echo(json.dumps(statistics.to_dict(), indent=2))
        return
    for line in _stats_lines(statistics):
        typer.echo(line)


@app.command()
def purge(store: _Store = _DEFAULT) -> None:
    """Delete images that have expired, as the service does by itself."""
    from contextlib import closing

    from mememoji.storage.factory import open_store
    from mememoji.storage.image_record import now

    with closing(open_store(store, create=False)) as opened:
        gone = opened.delete_expired(now())
    typer.echo(f"{gone:,} expired images deleted")


def _export_lines(card: dict[str, Any], out: Path) -> Iterator[str]:
    for name, split in card["splits"].items():
        classes = ", ".join(f"{emotion} {count:,}" for emotion, count in split["classes_6"].items())
        yield f"{name:<5}  {split['pictures']:>6,} faces: {classes}"
    reasons = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in card["passed_over"].items())
    yield f"faces passed over: {reasons}"
    if card["leaks"]["count"]:
        yield f"{card['leaks']['count']:,} faces show the same image as one of val: left out of train"
    if empty := [name for name, split in card["splits"].items() if not split["pictures"]]:
        yield f"nothing in {' and '.join(empty)}, and `mememoji train` needs both: collect more or set --val-share"
    yield f"written to {out}"


def _stats_lines(statistics: "StoreStatistics") -> Iterator[str]:
    yield f"images    {statistics.photos:,}"
    yield f"faces     {statistics.faces:,}"
    yield f"feedback  {statistics.feedback:,}, of which {statistics.agreeing:,} name the face's top emotion"
    yield f"pixels    {statistics.picture_bytes / 1e6:,.1f} MB"
    for emotion, count in statistics.feedback_by_emotion.items():
        yield f"  {emotion.value:<8}  {count:,}"
