"""Preparation of FER2013: from a source to a file for each split, the data card and two figures."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.datasets.duplicates import find_duplicates
from mememoji.datasets.fer2013.data_card import build_card, write_card
from mememoji.datasets.fer2013.fer2013_reader import read_fer2013
from mememoji.datasets.output_folder import atomic_output_folder, check_replaceable
from mememoji.datasets.splits import SPLITS, write_split
from mememoji.errors import MissingExtraError
from mememoji.output_files import check_output_folder

CARD_FILE: Final = "card.json"
FACES_FIGURE: Final = "faces.png"
CLASSES_FIGURE: Final = "classes.png"

_OUTPUTS: Final = frozenset({CARD_FILE, FACES_FIGURE, CLASSES_FIGURE, *(f"{name}.parquet" for name in SPLITS)})


def prepare_fer2013(
    source: Path, votes: Path | None, out: Path, *, keep_duplicates: bool = False, progress: bool = False
) -> dict[str, Any]:
    """Read FER2013 and write `train.parquet`, `val.parquet`, `test.parquet`, `card.json` and two figures to `out`.

    Only the splits of the source are written. Images of train that are duplicates of an image of val or test are left
    out of train, since a network that memorizes them would be overrated; the card lists them. The output appears at
    once, by renaming a complete folder; if anything fails, `out` is unchanged.

    Args:
        source: A source as for `read_fer2013`.
        votes: FER+'s `fer2013new.csv`, or None.
        out: A folder that is new, empty, or was prepared before; a prepared one is replaced.
        keep_duplicates: Whether to keep these duplicates in train; the card lists them anyway.
        progress: Whether to show progress on stderr.

    Returns:
        The data card.

    Raises:
        DatasetError: The source is not valid, or `out` holds other files.
        InputError: `source` or `votes` is inside `out`, which would be replaced.
        MissingExtraError: The extra "train" is not installed.
        RunError: `out` cannot be written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> happy, sad = (f"{label},{' '.join(['0'] * 2304)},Training" for label in (3, 4))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     source = Path(folder, "fer2013.csv")
        ...     _ = source.write_text("\\n".join(["emotion,pixels,Usage", happy, sad]))
        ...     card = prepare_fer2013(source, None, Path(folder, "prepared"))
        ...     files = sorted(path.name for path in Path(folder, "prepared").iterdir())
        >>> files
        ['card.json', 'classes.png', 'faces.png', 'train.parquet']
        >>> card["splits"]["train"]["classes_6"]["happy"]
        1
    """
    # Import them first, so that a missing extra shows before the work.
    try:
        import pyarrow  # noqa: F401

        from mememoji.datasets.fer2013.dataset_figures import draw_classes, draw_faces
    except ImportError as error:
        raise MissingExtraError("train", "preparing a dataset") from error
    check_replaceable(out, _OUTPUTS)
    check_output_folder(out, [source, votes])
    data = read_fer2013(source, votes, progress=progress)
    duplicates = find_duplicates(data.samples.images, progress=progress)
    leaks = duplicates.find_leaks(data.splits != SPLITS.index("train"))
    is_kept = np.ones(len(data), np.bool_)
    if not keep_duplicates:
        is_kept[[leak.image for leak in leaks]] = False
    splits = {
        name: data.samples.take((data.splits == number) & is_kept)
        for number, name in enumerate(SPLITS)
        if (data.splits == number).any()
    }
    card = build_card(data, splits, duplicates, leaks, are_kept=keep_duplicates)

    with atomic_output_folder(out) as folder:
        for name, split in splits.items():
            write_split(split, folder / f"{name}.parquet")
        name, first = next(iter(splits.items()))
        draw_faces(first, folder / FACES_FIGURE, title=f"{data.name}: faces of {name}")
        labels = {name: split.labels for name, split in splits.items()}
        draw_classes(labels, folder / CLASSES_FIGURE, title=f"{data.name}: classes of each split")
        write_card(card, folder / CARD_FILE)
    return card
