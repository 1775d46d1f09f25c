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


@app.command()
def crops(
    photographs: Annotated[
        Path,
        typer.Argument(help="Photographs with labelled faces, as `detector train` reads them.", metavar="PHOTOS"),
    ],
    out: Annotated[Path, typer.Option(help="The file to write, for `train --crops` and others.", metavar="FILE")],
    seed: Annotated[int, typer.Option(min=0, help="Of where background is cut.")] = 0,
) -> None:
    """Cut faces and what is none out of photographs: background, and what detectors wrongly take for a face.

    The animals that a detector's training leaves out are left out here too, to judge by.
    """
    from collections import Counter

    import numpy as np

    from mememoji.datasets.crops import Crops, cut, eager_detectors, write_crops
    from mememoji.datasets.photographs import read_photographs

    learned = [photograph for photograph in read_photographs(photographs) if not photograph.is_held_out]
    counts: Counter[str] = Counter()
    images, are_faces = [np.zeros((0, 48, 48), np.uint8)], [np.zeros(0, bool)]
    for kind, some in cut(learned, eager_detectors(), np.random.default_rng(seed)):
        counts[kind] += len(some)
        images.append(some)
        are_faces.append(np.full(len(some), kind == "faces"))
    write_crops(Crops(np.concatenate(images), np.concatenate(are_faces)), out)
    kinds = ", ".join(f"{count:,} of {kind}" for kind, count in counts.items())
    typer.echo(f"{counts.total():,} crops ({kinds}) written to {out}")


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
