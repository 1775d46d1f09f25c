"""Labeled images in Parquet: encoded images, optionally with label, trust, source, id, box and landmarks."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_image import LabeledImage
from mememoji.datasets.fer2013.records import face_label_from_name
from mememoji.datasets.parquet_columns import get_image_bytes, import_pyarrow, read_class_names
from mememoji.errors import DatasetError
from mememoji.landmarks import LANDMARK_NAMES, Landmarks

_LABEL_COLUMNS: Final = ("label", "labels", "emotion", "expression")
_OTHER_COLUMNS: Final = ("trust", "source", "id", "box", "landmarks")
_BATCH_SIZE: Final = 256


def read_labeled_parquet(path: Path, source: str) -> Iterator[LabeledImage]:
    """Read the rows of a Parquet file, in their order.

    Columns: `image`, the bytes of an image file or a struct with a field `bytes`; and optionally `label` (or `emotion`:
    a class name or null; an index only if Hugging Face's metadata name the classes), `trust` (0..1), `source` and `id`
    (strings), `box` (left, top, width, height in pixels) and `landmarks` (ten numbers: x and y of the person's right
    eye, left eye, nose tip, right and left mouth corner). A null is the same as a missing column.

    Args:
        path: The file.
        source: The `source` of rows without one; the default `id` is the row number, counted from 0.

    Raises:
        DatasetError: The file cannot be read or has no column image, or a value is not valid.
        MissingExtraError: The extra "train" is not installed.
    """
    pa, pq = import_pyarrow("reading Parquet files")
    row = 0
    try:
        # Opened here, because pyarrow takes some names for URLs and not all bytes for names.
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:
            schema = file.schema_arrow
            if "image" not in schema.names:
                raise DatasetError(f"{path} must have a column image, got {', '.join(schema.names)}")
            label = next((name for name in _LABEL_COLUMNS if name in schema.names), None)
            names = None if label is None else read_class_names(schema, label)
            others = [name for name in _OTHER_COLUMNS if name in schema.names]
            for batch in file.iter_batches(_BATCH_SIZE, columns=["image", *others, *([label] if label else [])]):
                for values in batch.to_pylist():
                    yield LabeledImage(
                        source if values.get("source") is None else str(values["source"]),
                        str(row) if values.get("id") is None else str(values["id"]),
                        get_image_bytes(values["image"], row),
                        _parse_label(values[label], names, row) if label else UNLABELED,
                        _parse_trust(values.get("trust"), row),
                        _parse_box(values.get("box"), row),
                        _parse_landmarks(values.get("landmarks"), row),
                    )
                    row += 1
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} cannot be read as Parquet and may be truncated: {error}", row=row) from error


def _parse_label(value: Any, names: Sequence[str] | None, row: int) -> int:
    if value is None or value == "":
        return UNLABELED
    if isinstance(value, int) and names and 0 <= value < len(names):
        value = names[value]
    label = face_label_from_name(value) if isinstance(value, str) else None
    if label is None:
        raise DatasetError(f"a label must be one of {', '.join(FACE_LABELS)} or null, got {value!r}", row=row)
    return label


def _parse_trust(value: Any, row: int) -> float | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise DatasetError(f"trust must be in 0..1, got {value!r}", row=row)
    return float(value)


def _parse_box(value: Any, row: int) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    x, y, width, height = _parse_numbers(value, 4, "box", row)
    if width <= 0 or height <= 0:
        raise DatasetError(f"box must have a positive width and height, got {value}", row=row)
    return x, y, width, height


def _parse_landmarks(value: Any, row: int) -> Landmarks | None:
    if value is None:
        return None
    numbers = _parse_numbers(value, 2 * len(LANDMARK_NAMES), "landmarks", row)
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _parse_numbers(value: Any, count: int, name: str, row: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count or not all(isinstance(v, (int, float)) for v in value):
        raise DatasetError(f"{name} must be {count} numbers, got {value!r}", row=row)
    numbers = [float(number) for number in value]
    if not all(map(math.isfinite, numbers)):
        raise DatasetError(f"{name} must be finite, got {value}", row=row)
    return numbers
