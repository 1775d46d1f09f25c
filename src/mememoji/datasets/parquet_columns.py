"""Parquet columns of images: gray crops of one size as fixed-size binary values, and encoded image files."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from mememoji.errors import DatasetError, MissingExtraError
from mememoji.types import UInt8Array


def import_pyarrow(task: str) -> tuple[Any, Any]:
    """Import `pyarrow` and `pyarrow.parquet`.

    Raises:
        MissingExtraError: The extra "train" is not installed, which `task` needs.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("train", task) from error
    return pa, pq


def crops_to_column(crops: UInt8Array, pa: Any) -> Any:
    """Convert crops (N, S, S) uint8 to a column binary(S * S) without copying contiguous ones."""
    size = crops.shape[1] * crops.shape[2]
    buffer = pa.py_buffer(np.ascontiguousarray(crops))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(crops), [None, buffer])


def column_to_crops(column: Any, size: int) -> UInt8Array:
    """Convert a column binary(size * size) to crops (N, size, size) uint8, a view of its memory."""
    count, num_pixels = len(column), size * size
    buffer = column.buffers()[1]
    flat = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
    start = column.offset * num_pixels
    return flat[start : start + count * num_pixels].reshape(count, size, size)  # (N, size, size)


def is_crop_column(dtype: Any, size: int, pa: Any) -> bool:
    """Return whether the type of a column is binary(size * size)."""
    return bool(pa.types.is_fixed_size_binary(dtype) and dtype.byte_width == size * size)


def describe_array(array: npt.NDArray[Any]) -> str:
    """Describe an array for an error message by its shape and dtype."""
    return f"{array.shape} {array.dtype}"


def read_class_names(schema: Any, column: str) -> list[str] | None:
    """Read the names of a column's class indices from Hugging Face's metadata; None if there are none."""
    metadata = (schema.metadata or {}).get(b"huggingface")
    feature = json.loads(metadata).get("info", {}).get("features", {}).get(column) if metadata else None
    names = feature.get("names") if isinstance(feature, dict) else None
    return [str(name) for name in names] if names else None


def get_image_bytes(value: Any, row: int) -> bytes:
    """Return the bytes of an image file from a cell that holds them, or a struct with a field `bytes`.

    Raises:
        DatasetError: The cell holds something else.
    """
    content = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(content, bytes):
        raise DatasetError(f"an image must be the bytes of an image file, got {type(content).__name__}", row=row)
    return content
