from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.face_sets.face_set import (
    CONTEXT_SIZE,
    FACE_LABELS,
    UNLABELED,
    FaceSet,
    concatenate,
    is_face_set,
    read_face_set,
    write_face_set,
)
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import DatasetError, RunError


def make_face_set(count: int) -> FaceSet:
    """Noise with every label in turn, the last of each nine faces without one."""
    rng = np.random.default_rng(3)
    labels = (np.arange(count) % 9).astype(np.int8)
    labels[labels == len(FACE_LABELS)] = UNLABELED
    return FaceSet(
        rng.integers(0, 256, (count, CONTEXT_SIZE, CONTEXT_SIZE)).astype(np.uint8),
        labels,
        np.where(labels == UNLABELED, 0, 0.7).astype(np.float32),
        tuple("own" if index % 2 else "agency" for index in range(count)),
        tuple(f"köln/{index}.jpg" for index in range(count)),
    )


@pytest.mark.parametrize("count", [0, 1, 20])
def test_write_and_read_returns_equal_set(count: int, tmp_path: Path) -> None:
    face_set = make_face_set(count)

    write_face_set(face_set, tmp_path / "new" / "faces.parquet")
    read = read_face_set(tmp_path / "new" / "faces.parquet")

    np.testing.assert_array_equal(read.images, face_set.images)
    np.testing.assert_array_equal(read.labels, face_set.labels)
    np.testing.assert_array_equal(read.trust, face_set.trust)
    assert (read.sources, read.ids) == (face_set.sources, face_set.ids)
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["faces.parquet"]


def test_central_is_the_center_of_the_images() -> None:
    face_set = make_face_set(2)

    assert face_set.central.shape == (2, 48, 48)
    np.testing.assert_array_equal(face_set.central[1], face_set.images[1, 8:56, 8:56])


@pytest.mark.parametrize("selection", [np.array([8, 3]), np.isin(np.arange(9), [3, 8]), slice(3, 9, 5)])
def test_take_keeps_columns_together(selection: Any) -> None:
    face_set = make_face_set(9)

    selected = face_set.take(selection)

    assert sorted(selected.labels.tolist()) == [UNLABELED, 3]
    assert sorted(selected.ids) == ["köln/3.jpg", "köln/8.jpg"]
    assert selected.is_labeled.tolist() == [label == 3 for label in selected.labels]


def test_concatenate_keeps_the_order() -> None:
    face_set = make_face_set(5)

    assert len(concatenate([])) == 0
    assert concatenate([face_set.take(slice(3, 5)), face_set.take(slice(0, 1))]).ids == tuple(
        f"köln/{index}.jpg" for index in (3, 4, 0)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 48, 48), np.uint8)}, r"images must be \(2, 64, 64\) uint8, got \(2, 48, 48\) uint8"),
        ({"images": np.zeros((2, 64, 64), np.float32)}, r"images must be .* got \(2, 64, 64\) float32"),
        ({"labels": np.zeros(2, np.int64)}, r"labels must be \(2,\) int8, got \(2,\) int64"),
        ({"labels": np.array([-2, 0], np.int8)}, r"labels must be in -1\.\.7, got -2\.\.0"),
        ({"labels": np.array([0, 8], np.int8)}, r"labels must be in -1\.\.7, got 0\.\.8"),
        ({"trust": np.zeros(3, np.float32)}, r"trust must be \(2,\) float32"),
        ({"trust": np.array([0.5, 1.1], np.float32)}, r"trust must be in 0\.\.1"),
        ({"trust": np.array([0.5, np.nan], np.float32)}, r"trust must be in 0\.\.1"),
        ({"labels": np.array([0, -1], np.int8)}, r"trust must be 0 where a face has no label"),
        ({"sources": ("own",)}, r"sources must be 2 names, got 1"),
        ({"ids": ("1", "2", "3")}, r"ids must be 2 names, got 3"),
    ],
)
def test_arrays_of_wrong_shape_or_range_are_rejected(change: dict[str, Any], message: str) -> None:
    valid: dict[str, Any] = {
        "images": np.zeros((2, CONTEXT_SIZE, CONTEXT_SIZE), np.uint8),
        "labels": np.zeros(2, np.int8),
        "trust": np.ones(2, np.float32),
        "sources": ("own", "own"),
        "ids": ("1", "2"),
    }
    with pytest.raises(DatasetError, match=message):
        FaceSet(**(valid | change))


def test_other_files_are_rejected(tmp_path: Path) -> None:
    write_face_set(make_face_set(2), tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-10])
    none = np.zeros(0, np.int32)
    write_split(Split(none, np.zeros((0, 48, 48), np.uint8), none.astype(np.int8), None), tmp_path / "split.parquet")
    columns = pq.read_table(tmp_path / "whole.parquet").to_pydict()
    pq.write_table(pa.table(columns), tmp_path / "encoded.parquet")
    fixed = {"image": pa.array(columns["image"], pa.binary(CONTEXT_SIZE**2))}
    pq.write_table(pa.table(columns | fixed | {"label": ["happy", "bored"]}), tmp_path / "label.parquet")
    pq.write_table(pa.table(columns | fixed | {"trust": [1.0, 2.0]}), tmp_path / "trust.parquet")
    pq.write_table(pa.table(columns | fixed | {"id": ["1", None]}), tmp_path / "null.parquet")

    for name, message in (
        ("missing", "does not exist; `mememoji data faces` writes one"),
        ("cut", "cannot be read as a face set"),
        ("split", "but lacks image, trust, source, id; `mememoji data faces` makes"),
        ("encoded", r"image must be binary\(4096\), got binary"),
        ("label", "a label must be one of angry, .* or null, got 'bored'"),
        ("null", "the column id must not hold null, got 1"),
        ("trust", r"trust.parquet: trust must be in 0\.\.1, got 1\.0\.\.2\.0"),
    ):
        with pytest.raises(DatasetError, match=message):
            read_face_set(tmp_path / f"{name}.parquet")


def test_is_face_set_rejects_other_files(tmp_path: Path) -> None:
    write_face_set(make_face_set(1), tmp_path / "whole.parquet")
    pq.write_table(pa.table({"image": [b"12"]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no Parquet")

    assert is_face_set(tmp_path / "whole.parquet")
    assert not any(is_face_set(tmp_path / name) for name in ("other.parquet", "text.parquet", "missing.parquet"))


def test_unwritable_path_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RunError, match="cannot be written"):
        write_face_set(make_face_set(1), tmp_path / "file" / "faces.parquet")
