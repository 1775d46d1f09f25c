import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mememoji.datasets.fer2013.parquet_reader import read_parquet
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import DatasetError


def encode(image: Any, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, form, **({"lossless": True} if form == "WEBP" else {}))
    return file.getvalue()


def write(path: Path, columns: dict[str, Any], metadata: dict[str, str] | None = None) -> Path:
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, path)
    return path


def columns_of(images: Any) -> dict[str, Any]:
    count = len(images)
    return {
        "row": list(range(count)),
        "usage": ["Training"] * count,
        "emotion": [index % 7 for index in range(count)],
        "image": [encode(image) for image in images],
    }


def test_file_without_rows(tmp_path: Path) -> None:
    schema = {
        "usage": pa.array([], pa.string()),
        "emotion": pa.array([], pa.int8()),
        "image": pa.array([], pa.binary()),
    }

    assert list(read_parquet([write(tmp_path / "fer2013.parquet", schema)])) == []


def test_all_columns_are_read(tmp_path: Path, make_images: Any) -> None:
    images = make_images(3)
    # All black: the shortest WebP file there is, which some decoders refuse.
    images[2] = 0
    columns = columns_of(images) | {
        "row": [5, 6, 7],
        "usage": ["Training", "PublicTest", "PrivateTest"],
        "image": [encode(image, "WEBP") for image in images],
    }
    votes = {f"votes_{name}": [place, 0, 1] for place, name in enumerate(FERPLUS_VOTES)}

    records = list(read_parquet([write(tmp_path / "fer2013.parquet", columns | votes)]))

    assert [(record.row, record.label, record.split) for record in records] == [(5, 0, 0), (6, 1, 1), (7, 2, 2)]
    assert records[0].votes is not None
    assert records[0].votes.tolist() == list(range(10))
    np.testing.assert_array_equal(np.stack([record.image for record in records]), images)


def test_structs_class_names_and_split_file_names_are_read(tmp_path: Path, make_images: Any) -> None:
    names = sorted(FER2013_LABELS)
    metadata = {"huggingface": json.dumps({"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}})}
    images = make_images(3)
    paths = [
        write(
            tmp_path / f"{split}-00000-of-00001.parquet",
            {"image": [{"bytes": encode(image), "path": None}], "label": [names.index("sad")]},
            metadata,
        )
        for split, image in zip(("train", "validation", "test"), images, strict=True)
    ]

    records = list(read_parquet(paths))

    assert [(record.row, record.label, record.split) for record in records] == [(0, 4, 0), (1, 4, 1), (2, 4, 2)]
    np.testing.assert_array_equal(np.stack([record.image for record in records]), images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": [None] * 3}, "row 0: an image must be the bytes of an image file, got NoneType"),
        ({"image": [b"", b"", b""]}, "row 0: the image cannot be decoded"),
        ({"emotion": [0, 7, 1]}, "row 1: an emotion must be in 0..6, got 7"),
        ({"emotion": ["sad", "happy", "bored"]}, "row 2: an emotion must be in 0..6, got 'bored'"),
        ({"emotion": [0, None, 1]}, "row 1: an emotion must be"),
        ({"usage": ["Training", "Training", "Holdout"]}, "row 2: a usage must be one of"),
        ({"row": [0, 1, 1]}, None),
    ],
)
def test_malformed_row_is_an_error(change: Any, message: str | None, tmp_path: Path, make_images: Any) -> None:
    path = write(tmp_path / "fer2013.parquet", columns_of(make_images(3)) | change)

    if message is None:
        assert [record.row for record in read_parquet([path])] == [0, 1, 1]
        return
    with pytest.raises(DatasetError, match=f"^{message}"):
        list(read_parquet([path]))


def test_votes_out_of_range_are_an_error(tmp_path: Path, make_images: Any) -> None:
    votes = {f"votes_{name}": [0, -1] for name in FERPLUS_VOTES}
    path = write(tmp_path / "fer2013.parquet", columns_of(make_images(2)) | votes)

    with pytest.raises(DatasetError, match=r"^row 1: votes must be 10 counts in 0\.\.255"):
        list(read_parquet([path]))


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ("image", "must have a column `image`"),
        ("emotion", "must have a column `emotion`"),
        ("usage", "rename it after its split"),
    ],
)
def test_missing_column_is_an_error(without: str, message: str, tmp_path: Path, make_images: Any) -> None:
    columns = columns_of(make_images(1))
    del columns[without]

    with pytest.raises(DatasetError, match=message):
        list(read_parquet([write(tmp_path / "fer2013.parquet", columns)]))


def test_unknown_classes_are_an_error(tmp_path: Path, make_images: Any) -> None:
    metadata = {"huggingface": json.dumps({"info": {"features": {"emotion": {"names": ["happy", "bored"]}}}})}
    path = write(tmp_path / "fer2013.parquet", columns_of(make_images(1)), metadata)

    with pytest.raises(DatasetError, match="classes must be those of FER2013, got bored"):
        list(read_parquet([path]))


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_truncated_file_is_an_error(kept: float, tmp_path: Path, make_images: Any) -> None:
    path = write(tmp_path / "fer2013.parquet", columns_of(make_images(3)))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])

    with pytest.raises(DatasetError, match="cannot be read as Parquet and may be truncated"):
        list(read_parquet([path]))
