from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.splits import Split, read_split, write_split
from mememoji.errors import DatasetError


def split_of(images: Any, *, votes: bool) -> Split:
    count = len(images)
    counts = np.arange(count * 10, dtype=np.uint8).reshape(count, 10) if votes else None
    return Split(np.arange(count, dtype=np.int32) + 5, images, (np.arange(count) % 7).astype(np.int8), counts)


@pytest.mark.parametrize("count", [0, 1, 20])
@pytest.mark.parametrize("votes", [True, False])
def test_what_is_written_is_read(count: int, votes: bool, tmp_path: Path, pictures: Any) -> None:
    split = split_of(pictures(count), votes=votes)

    write_split(split, tmp_path / "train.parquet")
    read = read_split(tmp_path / "train.parquet")

    np.testing.assert_array_equal(read.rows, split.rows)
    np.testing.assert_array_equal(read.images, split.images)
    np.testing.assert_array_equal(read.labels, split.labels)
    if split.votes is None:
        assert read.votes is None
    else:
        np.testing.assert_array_equal(read.votes, split.votes)


def test_take_keeps_what_belongs_together(pictures: Any) -> None:
    taken = split_of(pictures(5), votes=True).take(np.array([3, 1]))

    assert len(taken) == 2
    assert taken.rows.tolist() == [8, 6]
    assert taken.labels.tolist() == [3, 1]
    assert taken.votes is not None
    assert taken.votes[:, 0].tolist() == [30, 10]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 48, 47), np.uint8)}, r"images must be \(2, 48, 48\) uint8"),
        ({"images": np.zeros((2, 48, 48), np.float32)}, r"images must be \(2, 48, 48\) uint8"),
        ({"labels": np.zeros(3, np.int8)}, r"labels must be \(2,\)"),
        ({"labels": np.array([0, 7], np.int8)}, r"labels lie in 0\.\.6, got 0\.\.7"),
        ({"votes": np.zeros((2, 9), np.uint8)}, r"votes must be \(2, 10\)"),
    ],
)
def test_arrays_that_do_not_fit_are_an_error(change: dict[str, Any], message: str) -> None:
    fitting: dict[str, Any] = {
        "rows": np.arange(2, dtype=np.int32),
        "images": np.zeros((2, 48, 48), np.uint8),
        "labels": np.zeros(2, np.int8),
        "votes": None,
    }
    with pytest.raises(DatasetError, match=message):
        Split(**(fitting | change))


def test_a_missing_file_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no split file at .*; `mememoji data prepare` writes one"):
        read_split(tmp_path / "train.parquet")


def test_files_that_are_no_split_file_are_errors(tmp_path: Path, pictures: Any) -> None:
    write_split(split_of(pictures(3), votes=False), tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-10])
    pq.write_table(pa.table({"row": [1]}), tmp_path / "other.parquet")
    pq.write_table(pa.table({"row": [1], "label": [1], "pixels": [b"12"]}), tmp_path / "short.parquet")

    for name, message in (
        ("cut", "cannot be read as a split file"),
        ("other", "it lacks label, pixels"),
        ("short", r"pixels must be binary\(2304\)"),
    ):
        with pytest.raises(DatasetError, match=message):
            read_split(tmp_path / f"{name}.parquet")
