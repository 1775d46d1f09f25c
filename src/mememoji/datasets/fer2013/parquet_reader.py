"""FER2013 as Parquet: images as bytes, labels as indices or names, the split from a column or the file name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.datasets.fer2013.records import (
    Record,
    decode_crop,
    label_from_name,
    label_from_number,
    split_from_name,
    split_from_usage,
)
from mememoji.datasets.parquet_columns import get_image_bytes, import_pyarrow, read_class_names
from mememoji.datasets.splits import SPLITS
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError
from mememoji.types import UInt8Array

_IMAGE_COLUMNS: Final = ("image", "img", "picture")
_LABEL_COLUMNS: Final = ("emotion", "label", "labels")
_USAGE_COLUMNS: Final = ("usage", "split")
_VOTE_COLUMNS: Final = tuple(f"votes_{name}" for name in FERPLUS_VOTES)
_BATCH_SIZE: Final = 1024


def read_parquet(paths: Sequence[Path]) -> Iterator[Record]:
    """Read the rows of one or several Parquet files, in their order.

    Columns, in any case: an image (`image`: the bytes of an image file, or a struct with a field `bytes`), a label
    (`emotion` or `label`: an index 0 to 6 or a name), and optionally the split (`usage` or `split`), the row number
    (`row`), and the ten FER+ columns `votes_neutral` to `votes_NF`. Without a column for the split the name of the file
    must start with it: `train-00000-of-00001.parquet`. If Hugging Face's metadata name the classes, label indices
    follow these names, since many copies number the classes in alphabetical order.

    Raises:
        DatasetError: A file cannot be read or lacks a column, or a row is not valid.
        MissingExtraError: pyarrow is not installed.
    """
    start = 0
    for path in paths:
        for record in _read_file(path, start):
            start += 1
            yield record


def _read_file(path: Path, start: int) -> Iterator[Record]:
    pa, pq = import_pyarrow("reading Parquet files")
    row = start
    try:
        # Opened here, because pyarrow takes some names for URLs and not all bytes for names.
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:
            columns = {name.lower(): name for name in file.schema_arrow.names}
            image, label = _find_column(columns, _IMAGE_COLUMNS, path), _find_column(columns, _LABEL_COLUMNS, path)
            usage = next((columns[name] for name in _USAGE_COLUMNS if name in columns), None)
            number = columns.get("row")
            votes = [columns[name.lower()] for name in _VOTE_COLUMNS if name.lower() in columns]
            votes = votes if len(votes) == len(_VOTE_COLUMNS) else []
            split_of_file = split_from_name(path.stem)
            if usage is None and split_of_file is None:
                raise DatasetError(
                    f"{path} must have a column `usage`, or a name that starts with one of {', '.join(SPLITS)}; "
                    "rename it after its split"
                )
            order = _read_label_order(file.schema_arrow, label, path)
            wanted = [image, label, *votes, *(name for name in (usage, number) if name)]
            for batch in file.iter_batches(_BATCH_SIZE, columns=wanted):
                counts = [batch[name].to_pylist() for name in votes]
                numbers = batch[number].to_pylist() if number else range(row, row + len(batch))
                usages = batch[usage].to_pylist() if usage else [None] * len(batch)
                images, labels = batch[image].to_pylist(), batch[label].to_pylist()
                for index, row in enumerate(numbers):
                    split = split_of_file if usage is None else _parse_split(usages[index], row)
                    assert split is not None
                    yield Record(
                        row,
                        decode_crop(get_image_bytes(images[index], row), row),
                        _parse_label(labels[index], order, row),
                        split,
                        _parse_votes([column[index] for column in counts], row) if votes else None,
                    )
                row += 1
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} cannot be read as Parquet and may be truncated: {error}", row=row) from error


def _find_column(columns: dict[str, str], names: Sequence[str], path: Path) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    raise DatasetError(f"{path} must have a column `{names[0]}`, got {', '.join(columns.values())}")


def _read_label_order(schema: Any, column: str, path: Path) -> tuple[int, ...]:
    """Return the index into `FER2013_LABELS` for each label index of the file."""
    names = read_class_names(schema, column)
    if names is None:
        return tuple(range(len(FER2013_LABELS)))
    labels = [label_from_name(name) for name in names]
    known = tuple(label for label in labels if label is not None)
    if len(known) != len(names):
        unknown = [name for name, label in zip(names, labels, strict=True) if label is None]
        raise DatasetError(f"{path}: classes must be those of FER2013, got {', '.join(unknown)}")
    return known


def _parse_label(value: Any, order: tuple[int, ...], row: int) -> int:
    if isinstance(value, str):
        named = label_from_name(value)
        return label_from_number(value, row) if named is None else named
    return order[label_from_number(-1 if value is None else value, row)]


def _parse_split(value: Any, row: int) -> int:
    if isinstance(value, str) and value.lower() in SPLITS:
        return SPLITS.index(value.lower())
    return split_from_usage(str(value), row)


def _parse_votes(counts: list[Any], row: int) -> UInt8Array:
    if any(not isinstance(count, int) or not 0 <= count <= 255 for count in counts):
        raise DatasetError(f"votes must be {len(FERPLUS_VOTES)} counts in 0..255, got {counts}", row=row)
    return np.array(counts, np.uint8)
