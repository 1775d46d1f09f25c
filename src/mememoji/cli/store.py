"""`mememoji store`: count, export and purge the images that the service stored."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mememoji.storage.image_store import StoreStatistics

app = typer.Typer(help="Count, export and purge the service's stored images.", no_args_is_help=True)

# Equals `DEFAULT_URL` of storage.factory, which a test checks: importing it would load numpy for every --help.
DEFAULT_STORE = "sqlite:///mememoji.db"
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
    """Count, export and purge the service's stored images."""


@app.command()
def export(
    out: Annotated[
        Path,
        typer.Option(
            help="Folder to write, created once the export is complete; an earlier export is replaced.",
            metavar="DIR",
        ),
    ],
    store: _Store = DEFAULT_STORE,
    val_fraction: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Approximate fraction of the images that go to val.")
    ] = 0.1,
) -> None:
    """Export the faces with feedback as a dataset: train.parquet, val.parquet, card.json.

    The label of a face is its most frequent feedback; of several, the latest. `mememoji train --data DIR` reads the
    dataset.
    """
    from contextlib import closing

    from mememoji.storage.factory import open_store
    from mememoji.storage.feedback_export import export_feedback

    with closing(open_store(store, create=False)) as opened:
        card = export_feedback(opened, out, val_fraction=val_fraction, progress=True)
    for line in _format_export(card, out):
        typer.echo(line)


@app.command()
def stats(
    store: _Store = DEFAULT_STORE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Count images, faces and feedback."""
    from contextlib import closing

    from mememoji.storage.factory import open_store

    with closing(open_store(store, create=False)) as opened:
        statistics = opened.compute_statistics()
    if as_json:
        typer.echo(json.dumps(statistics.to_dict(), indent=2))
        return
    for line in _format_statistics(statistics):
        typer.echo(line)


@app.command()
def purge(store: _Store = DEFAULT_STORE) -> None:
    """Delete expired images, as the running service does regularly."""
    from contextlib import closing

    from mememoji.storage.factory import open_store
    from mememoji.storage.image_record import utc_now

    with closing(open_store(store, create=False)) as opened:
        num_deleted = opened.delete_expired(utc_now())
    typer.echo(f"{num_deleted:,} expired images deleted")


def _format_export(card: dict[str, Any], out: Path) -> Iterator[str]:
    for name, split in card["splits"].items():
        classes = ", ".join(f"{emotion} {count:,}" for emotion, count in split["classes_6"].items())
        yield f"{name:<5}  {split['images']:>6,} faces: {classes}"
    reasons = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in card["skipped"].items())
    yield f"faces skipped: {reasons}"
    if card["leaks"]["count"]:
        yield f"{card['leaks']['count']:,} faces are duplicates of a face in val: left out of train"
    if empty := [name for name, split in card["splits"].items() if not split["images"]]:
        names = " and ".join(empty)
        yield f"nothing in {names}, and `mememoji train` needs both; collect more feedback or set --val-fraction"
    yield f"written to {out}"


def _format_statistics(statistics: "StoreStatistics") -> Iterator[str]:
    yield f"images    {statistics.images:,}"
    yield f"faces     {statistics.faces:,}"
    yield f"feedback  {statistics.feedback:,}, of which {statistics.agreeing:,} name the face's top emotion"
    yield f"pixels    {statistics.pixel_bytes / 1e6:,.1f} MB"
    for emotion, count in statistics.feedback_by_emotion.items():
        yield f"  {emotion.value:<8}  {count:,}"
