from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.splits import Split, read_split, write_split
from mememoji.errors import DatasetError


def make_split(images: Any, *, votes: bool) -> Split:
    count = len(images)
    counts = np.arange(count * 10, dtype=np.uint8).reshape(count, 10) if votes else None
    return Split(np.arange(count, dtype=np.int32) + 5, images, (np.arange(count) % 7).astype(np.int8), counts)


@pytest.mark.parametrize("count", [0, 1, 20])
@pytest.mark.parametrize("votes", [True, False])
def test_read_returns_what_was_written(count: int, votes: bool, tmp_path: Path, make_images: Any) -> None:
    split = make_split(make_images(count), votes=votes)

    write_split(split, tmp_path / "train.parquet")
    read = read_split(tmp_path / "train.parquet")

    np.testing.assert_array_equal(read.rows, split.rows)
    np.testing.assert_array_equal(read.images, split.images)
    np.testing.assert_array_equal(read.labels, split.labels)
    if split.votes is None:
        assert read.votes is None
    else:
        np.testing.assert_array_equal(read.votes, split.votes)


def test_take_keeps_columns_together(make_images: Any) -> None:
    selected = make_split(make_images(5), votes=True).take(np.array([3, 1]))

    assert len(selected) == 2
    assert selected.rows.tolist() == [8, 6]
    assert selected.labels.tolist() == [3, 1]
    assert selected.votes is not None
    assert selected.votes[:, 0].tolist() == [30, 10]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 48, 47), np.uint8)}, r"images must be \(2, 48, 48\) uint8"),
        ({"images": np.zeros((2, 48, 48), np.float32)}, r"images must be \(2, 48, 48\) uint8"),
        ({"labels": np.zeros(3, np.int8)}, r"labels must be \(2,\)"),
        ({"labels": np.array([0, 7], np.int8)}, r"labels must be in 0\.\.6, got 0\.\.7"),
        ({"votes": np.zeros((2, 9), np.uint8)}, r"votes must be \(2, 10\)"),
    ],
)
def test_arrays_of_wrong_shape_or_range_are_rejected(change: dict[str, Any], message: str) -> None:
    valid: dict[str, Any] = {
        "rows": np.arange(2, dtype=np.int32),
        "images": np.zeros((2, 48, 48), np.uint8),
        "labels": np.zeros(2, np.int8),
        "votes": None,
    }
    with pytest.raises(DatasetError, match=message):
        Split(**(valid | change))


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"must be a split file, but does not exist; `mememoji data prepare` writes one"
    ):
        read_split(tmp_path / "train.parquet")


def test_other_files_are_rejected(tmp_path: Path, make_images: Any) -> None:
    write_split(make_split(make_images(3), votes=False), tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-10])
    pq.write_table(pa.table({"row": [1]}), tmp_path / "other.parquet")
    pq.write_table(pa.table({"row": [1], "label": [1], "pixels": [b"12"]}), tmp_path / "short.parquet")

    for name, message in (
        ("cut", "cannot be read as a split file"),
        ("other", "lacks the columns label, pixels"),
        ("short", r"pixels must be binary\(2304\)"),
    ):
        with pytest.raises(DatasetError, match=message):
            read_split(tmp_path / f"{name}.parquet")
