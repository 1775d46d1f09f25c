"""From a source to a prepared dataset: a file for each split, the data card and two figures."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.datasets.duplicates import find_duplicates
from mememoji.datasets.fer2013.all_sources import read_fer2013
from mememoji.datasets.fer2013.data_card import describe, write_card
from mememoji.datasets.output_folder import appearing_at_once, refuse_foreign
from mememoji.datasets.splits import SPLITS, write_split
from mememoji.errors import MissingExtraError

CARD: Final = "card.json"
FACES_FIGURE: Final = "faces.png"
CLASSES_FIGURE: Final = "classes.png"

_OUTPUTS: Final = frozenset({CARD, FACES_FIGURE, CLASSES_FIGURE, *(f"{name}.parquet" for name in SPLITS)})


def prepare(
    source: Path, votes: Path | None, out: Path, *, keep_duplicates: bool = False, progress: bool = False
) -> dict[str, Any]:
    """Read FER2013 and write `train.parquet`, `val.parquet`, `test.parquet`, `card.json` and two figures to `out`.

    Only the splits that the source holds are written. Images of train that show the same image as one of val or
    test are left out of train: a network would be scored on what it has learned by heart. The card lists them.
    Everything appears at once, by renaming a finished folder; where something fails, `out` stays as it was.

    Args:
        source: what `read_fer2013` takes.
        votes: FER+'s `fer2013new.csv`, or None.
        out: a new folder, an empty one, or one that was prepared before, which is replaced.
        keep_duplicates: leave train as it is; the card lists them all the same.
        progress: draw progress bars on standard error, if that is a terminal.

    Returns:
        The data card.

    Raises:
        DatasetError: the source does not fit, or `out` holds other files.
        MissingExtraError: the extra "train" is not installed.
        RunError: `out` cannot be written.
    """
    # Before the work, so that a missing extra does not show after a minute.
    try:
        import pyarrow  # noqa: F401

        from mememoji.datasets.fer2013.dataset_figures import draw_classes, draw_faces
    except ImportError as error:
        raise MissingExtraError("train", "preparing a dataset") from error
    refuse_foreign(out, _OUTPUTS)
    read = read_fer2013(source, votes, progress=progress)
    held_out = read.splits != SPLITS.index("train")
    found = find_duplicates(read.pictures.images, progress=progress)
    leaks = found.leaks(held_out)
    kept = np.ones(len(read), np.bool_)
    if not keep_duplicates:
        kept[[leak.picture for leak in leaks]] = False
    written = {
        name: read.pictures.take((read.splits == number) & kept)
        for number, name in enumerate(SPLITS)
        if (read.splits == number).any()
    }
    card = describe(read, written, found, leaks, kept=keep_duplicates)

    with appearing_at_once(out) as folder:
        for name, split in written.items():
            write_split(split, folder / f"{name}.parquet")
        name, first = next(iter(written.items()))
        draw_faces(first, folder / FACES_FIGURE, title=f"{read.name}: faces of {name}")
        labels = {name: split.labels for name, split in written.items()}
        draw_classes(labels, folder / CLASSES_FIGURE, title=f"{read.name}: classes of each split")
        write_card(card, folder / CARD)
    return card
