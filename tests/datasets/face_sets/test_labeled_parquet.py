import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_parquet import read_labeled_parquet
from mememoji.errors import DatasetError

LANDMARKS = [float(number) for number in range(10)]


def write(path: Path, columns: dict[str, Any], metadata: dict[str, Any] | None = None) -> Path:
    table = pa.table(columns)
    if metadata is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps(metadata)})
    pq.write_table(table, path)
    return path


def test_images_alone_are_unlabeled(tmp_path: Path) -> None:
    images = list(read_labeled_parquet(write(tmp_path / "own.parquet", {"image": [b"1", b"2"]}), "own"))

    assert [(image.source, image.id, image.content) for image in images] == [("own", "0", b"1"), ("own", "1", b"2")]
    assert {(image.label, image.trust, image.box, image.landmarks) for image in images} == {
        (UNLABELED, None, None, None)
    }


def test_all_columns_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "own.parquet",
        {
            "image": [b"1", b"2"],
            "label": ["Happiness", None],
            "trust": [0.5, None],
            "source": ["agency", None],
            "id": ["a.jpg", None],
            "box": [[1.0, 2.0, 3.0, 4.0], None],
            "landmarks": [LANDMARKS, None],
        },
    )

    first, second = read_labeled_parquet(path, "own")

    assert (first.source, first.id, first.label, first.trust) == ("agency", "a.jpg", FACE_LABELS.index("happy"), 0.5)
    assert first.box == (1.0, 2.0, 3.0, 4.0)
    assert first.landmarks == ((0.0, 1.0), (2.0, 3.0), (4.0, 5.0), (6.0, 7.0), (8.0, 9.0))
    assert (second.source, second.id, second.label, second.trust) == ("own", "1", UNLABELED, None)
    assert (second.box, second.landmarks) == (None, None)


def test_hugging_face_class_names_are_used(tmp_path: Path) -> None:
    features = {"info": {"features": {"label": {"names": ["sad", "contempt"]}}}}
    images = [{"bytes": b"1", "path": "a.jpg"}, {"bytes": b"2", "path": "b.jpg"}]
    path = write(tmp_path / "own.parquet", {"image": images, "label": [1, 0]}, features)

    assert [(image.content, FACE_LABELS[image.label]) for image in read_labeled_parquet(path, "own")] == [
        (b"1", "contempt"),
        (b"2", "sad"),
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"pixels": [b"1"]}, "must have a column image, got pixels"),
        ({"image": ["a.jpg"]}, "row 0: an image must be the bytes of an image file, got str"),
        ({"image": [b"1"], "label": ["bored"]}, "row 0: a label must be one of angry, .* or null, got 'bored'"),
        ({"image": [b"1"], "label": [3]}, "row 0: a label must be .* got 3"),
        ({"image": [b"1"], "trust": [1.5]}, r"row 0: trust must be in 0\.\.1, got 1\.5"),
        ({"image": [b"1"], "box": [[1.0, 2.0]]}, r"row 0: box must be 4 numbers, got \[1\.0, 2\.0\]"),
        ({"image": [b"1"], "box": [[1.0, 2.0, 0.0, 4.0]]}, "row 0: box must have a positive width and height"),
        ({"image": [b"1"], "landmarks": [[float("nan")] * 10]}, "row 0: landmarks must be finite"),
    ],
)
def test_invalid_values_are_rejected(columns: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=message):
        list(read_labeled_parquet(write(tmp_path / "own.parquet", columns), "own"))


def test_truncated_file_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "own.parquet", {"image": [b"1"]})
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(DatasetError, match="cannot be read as Parquet and may be truncated"):
        list(read_labeled_parquet(path, "own"))
