"""FER2013 as Parquet: images as bytes, the label a number, the split a column or the file's name."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.datasets.fer2013.records import (
    Record,
    decode_picture,
    label_of_name,
    label_of_number,
    split_of_name,
    split_of_usage,
)
from mememoji.datasets.splits import SPLITS
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError, MissingExtraError

_IMAGE_COLUMNS: Final = ("image", "img", "picture")
_LABEL_COLUMNS: Final = ("emotion", "label", "labels")
_USAGE_COLUMNS: Final = ("usage", "split")
_VOTE_COLUMNS: Final = tuple(f"votes_{name}" for name in FERPLUS_VOTES)


def read_parquet(paths: Sequence[Path]) -> Iterator[Record]:
    """The rows of one or several Parquet files, in their order.

    Columns, in any case: an image (`image`: the bytes of an image file, or a struct with a field `bytes`), a label
    (`emotion` or `label`: a number 0 to 6 or a name), and where there are such the split (`usage` or `split`), the row
    number (`row`), and the ten FER+ columns `votes_neutral` to `votes_NF`. A file without a column for the split
    must be called after one: `train-00000-of-00001.parquet`. Where Hugging Face's metadata names the classes, label
    numbers follow these names, since many copies count the classes in alphabetical order.

    Raises:
        DatasetError: a file cannot be read, lacks a column, or a row does not fit.
        MissingExtraError: pyarrow is not installed.
    """
    start = 0
    for path in paths:
        for record in _read_file(path, start):
            start += 1
            yield record


def _read_file(path: Path, start: int) -> Iterator[Record]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading Parquet files") from error
    row = start
    try:
        with pq.ParquetFile(path) as file:
            columns = {name.lower(): name for name in file.schema_arrow.names}
            image, label = _column(columns, _IMAGE_COLUMNS, path), _column(columns, _LABEL_COLUMNS, path)
            usage = next((columns[name] for name in _USAGE_COLUMNS if name in columns), None)
            number = columns.get("row")
            votes = [columns[name.lower()] for name in _VOTE_COLUMNS if name.lower() in columns]
            votes = votes if len(votes) == len(_VOTE_COLUMNS) else []
            named = split_of_name(path.stem)
            if usage is None and named is None:
                raise DatasetError(
                    f"{path} has no column `usage`, and its name does not start with one of {', '.join(SPLITS)}: "
                    "name it after its split"
                )
            order = _label_order(file.schema_arrow, label, path)
            wanted = [image, label, *votes, *(name for name in (usage, number) if name)]
            for batch in file.iter_batches(1024, columns=wanted):
                counts = [batch[name].to_pylist() for name in votes]
                numbers = batch[number].to_pylist() if number else range(row, row + len(batch))
                usages = batch[usage].to_pylist() if usage else [None] * len(batch)
                pictures, labels = batch[image].to_pylist(), batch[label].to_pylist()
                for index, row in enumerate(numbers):
                    split = named if usage is None else _split(usages[index], row)
                    assert split is not None
                    yield Record(
                        row,
                        decode_picture(_bytes(pictures[index], row), row),
                        _label(labels[index], order, row),
                        split,
                        _votes([column[index] for column in counts], row) if votes else None,
                    )
                row += 1
    except (pa.ArrowException, OSError) as error:
        message = f"{path} cannot be read as Parquet, it may be cut off: {error}"
        raise DatasetError(message, row=row) from error


def _column(columns: dict[str, str], names: Sequence[str], path: Path) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    raise DatasetError(f"{path} has no column `{names[0]}`; it holds {', '.join(columns.values())}")


def _label_order(schema: Any, column: str, path: Path) -> tuple[int, ...]:
    """Our label for each of the file's label numbers."""
    stored = (schema.metadata or {}).get(b"huggingface")
    if stored is None:
        return tuple(range(len(FER2013_LABELS)))
    feature = json.loads(stored).get("info", {}).get("features", {}).get(column, {})
    names = feature.get("names") if isinstance(feature, dict) else None
    if not names:
        return tuple(range(len(FER2013_LABELS)))
    labels = [label_of_name(str(name)) for name in names]
    known = tuple(label for label in labels if label is not None)
    if len(known) != len(names):
        strange = [name for name, label in zip(names, labels, strict=True) if label is None]
        raise DatasetError(f"{path} names classes that FER2013 does not have: {', '.join(map(str, strange))}")
    return known


def _label(value: Any, order: tuple[int, ...], row: int) -> int:
    if isinstance(value, str):
        named = label_of_name(value)
        return label_of_number(value, row) if named is None else named
    return order[label_of_number(-1 if value is None else value, row)]


def _split(value: Any, row: int) -> int:
    if isinstance(value, str) and value.lower() in SPLITS:
        return SPLITS.index(value.lower())
    return split_of_usage(str(value), row)


def _bytes(value: Any, row: int) -> bytes:
    data = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(data, bytes):
        raise DatasetError(f"expected the bytes of an image, got {type(data).__name__}", row=row)
    return data


def _votes(counts: list[Any], row: int) -> Any:
    if any(not isinstance(count, int) or not 0 <= count <= 255 for count in counts):
        raise DatasetError(f"expected {len(FERPLUS_VOTES)} counts of votes from 0 to 255, got {counts}", row=row)
    return np.array(counts, np.uint8)
