"""Images in Parquet: encoded images with label, trust, source, id, box and landmarks where there are such columns."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.fer2013.records import face_label_of_name
from mememoji.errors import DatasetError, MissingExtraError
from mememoji.results import LANDMARK_NAMES, Landmarks

_LABEL_COLUMNS: Final = ("label", "labels", "emotion", "expression")
_OTHER_COLUMNS: Final = ("trust", "source", "id", "box", "landmarks")
_BATCH: Final = 256


def read_labeled_parquet(path: Path, source: str) -> Iterator[LabeledImage]:
    """Read the rows of a Parquet file, in their order.

    Columns: `image`, the bytes of an image file or a struct with a field `bytes`; and where they exist `label`
    (or `emotion`: a class name or null; a number only where Hugging Face's metadata names the classes), `trust` (0..1),
    `source` and `id` (strings), `box` (left, top, width, height in pixels) and `landmarks` (ten numbers: x and y
    of the right eye, left eye, nose tip, right and left mouth corner, the person's right). A null is as no column.

    Args:
        path: the file.
        source: the `source` of rows that state none; their `id` is the row's number, counted from 0.

    Raises:
        DatasetError: the file cannot be read, lacks images, or a value does not fit.
        MissingExtraError: the extra "train" is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", "reading Parquet files") from error
    row = 0
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            if "image" not in schema.names:
                raise DatasetError(f"{path} must have a column image, got {', '.join(schema.names)}")
            label = next((name for name in _LABEL_COLUMNS if name in schema.names), None)
            names = None if label is None else _class_names(schema, label)
            others = [name for name in _OTHER_COLUMNS if name in schema.names]
            for batch in file.iter_batches(_BATCH, columns=["image", *others, *([label] if label else [])]):
                for values in batch.to_pylist():
                    yield LabeledImage(
                        source if values.get("source") is None else str(values["source"]),
                        str(row) if values.get("id") is None else str(values["id"]),
                        _content(values["image"], row),
                        _label(values[label], names, row) if label else UNLABELED,
                        _trust(values.get("trust"), row),
                        _box(values.get("box"), row),
                        _landmarks(values.get("landmarks"), row),
                    )
                    row += 1
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} cannot be read as Parquet, it may be cut off: {error}", row=row) from error


def _class_names(schema: Any, column: str) -> list[str] | None:
    """The names of label numbers in Hugging Face's metadata, or None."""
    stored = (schema.metadata or {}).get(b"huggingface")
    feature = json.loads(stored).get("info", {}).get("features", {}).get(column) if stored else None
    names = feature.get("names") if isinstance(feature, dict) else None
    return [str(name) for name in names] if names else None


def _label(value: Any, names: Sequence[str] | None, row: int) -> int:
    if value is None or value == "":
        return UNLABELED
    if isinstance(value, int) and names and 0 <= value < len(names):
        value = names[value]
    label = face_label_of_name(value) if isinstance(value, str) else None
    if label is None:
        raise DatasetError(f"a label must be one of {', '.join(FACE_LABELS)} or null, got {value!r}", row=row)
    return label


def _content(value: Any, row: int) -> bytes:
    content = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(content, bytes):
        raise DatasetError(f"image must be the bytes of an image file, got {type(content).__name__}", row=row)
    return content


def _trust(value: Any, row: int) -> float | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise DatasetError(f"trust must be in 0..1, got {value!r}", row=row)
    return float(value)


def _box(value: Any, row: int) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    x, y, width, height = _numbers(value, 4, "box", row)
    if width <= 0 or height <= 0:
        raise DatasetError(f"box must have a positive width and height, got {value}", row=row)
    return x, y, width, height


def _landmarks(value: Any, row: int) -> Landmarks | None:
    if value is None:
        return None
    numbers = _numbers(value, 2 * len(LANDMARK_NAMES), "landmarks", row)
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _numbers(value: Any, count: int, name: str, row: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count or not all(isinstance(v, (int, float)) for v in value):
        raise DatasetError(f"{name} must be {count} numbers, got {value!r}", row=row)
    numbers = [float(number) for number in value]
    if not all(map(math.isfinite, numbers)):
        raise DatasetError(f"{name} must be finite, got {value}", row=row)
    return numbers
