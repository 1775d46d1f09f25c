import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mememoji.datasets.fer2013.fer2013_reader import read_fer2013
from mememoji.errors import DatasetError


def test_source_without_rows_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n")

    with pytest.raises(DatasetError, match=r"has no rows; expected fer2013\.csv"):
        read_fer2013(path)


def test_votes_are_joined_by_row(official_csv: Path, ferplus_csv: Path) -> None:
    source = read_fer2013(official_csv, ferplus_csv)

    assert (source.name, source.votes_name, len(source)) == ("fer2013.csv", "fer2013new.csv", 9)
    assert source.splits.tolist() == [0] * 6 + [1] * 2 + [2]
    assert source.samples.votes is not None
    assert source.samples.votes[:, 0].tolist() == list(range(9))


def test_source_without_votes_has_none(official_csv: Path) -> None:
    assert read_fer2013(official_csv).samples.votes is None


def test_votes_with_another_number_of_rows_are_an_error(official_csv: Path, ferplus_csv: Path) -> None:
    ferplus_csv.write_text("".join(ferplus_csv.read_text().splitlines(keepends=True)[:-1]))

    with pytest.raises(DatasetError, match=r"fer2013new\.csv has 8 rows and the source 9"):
        read_fer2013(official_csv, ferplus_csv)


def test_votes_with_another_usage_are_an_error(official_csv: Path, ferplus_csv: Path) -> None:
    lines = ferplus_csv.read_text().splitlines(keepends=True)
    lines[6], lines[7] = lines[7], lines[6]
    ferplus_csv.write_text("".join(lines))

    message = (
        r"^row 5: the source has the usage Training \(train\) and fer2013new\.csv has "
        r"PublicTest \(val\) \(2 rows differ\)"
    )
    with pytest.raises(DatasetError, match=message):
        read_fer2013(official_csv, ferplus_csv)


def save_folder(folder: Path, images: Any, names: list[str]) -> Path:
    for image, name in zip(images, names, strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def test_votes_are_joined_by_row_numbers_in_file_names(tmp_path: Path, ferplus_csv: Path, make_images: Any) -> None:
    usages = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"]
    names = [f"{'train' if row < 6 else 'test'}/happy/{usage}_{row}.png" for row, usage in enumerate(usages)]
    folder = save_folder(tmp_path / "faces", make_images(9), names)

    source = read_fer2013(folder, ferplus_csv)

    assert source.samples.votes is not None
    assert source.samples.votes[:, 0].tolist() == source.samples.rows.tolist()


def test_votes_without_row_numbers_in_file_names_are_an_error(
    tmp_path: Path, ferplus_csv: Path, make_images: Any
) -> None:
    folder = save_folder(tmp_path / "faces", make_images(9), [f"train/happy/im{row}.png" for row in range(9)])

    with pytest.raises(DatasetError, match="do not contain one; use the official CSV instead"):
        read_fer2013(folder, ferplus_csv)


def test_votes_with_unknown_row_numbers_are_an_error(tmp_path: Path, ferplus_csv: Path, make_images: Any) -> None:
    names = [f"train/happy/Training_{10_000_000 + row}.png" for row in range(9)]
    folder = save_folder(tmp_path / "faces", make_images(9), names)

    with pytest.raises(DatasetError, match="row numbers of the source are 10000000 to 10000008"):
        read_fer2013(folder, ferplus_csv)


def test_duplicate_row_number_is_an_error(tmp_path: Path, make_images: Any) -> None:
    folder = save_folder(tmp_path, make_images(1), ["only.png"])
    data = (folder / "only.png").read_bytes()
    columns = {"row": [4, 4], "usage": ["Training"] * 2, "emotion": [0, 0], "image": [data, data]}
    pq.write_table(pa.table(columns), tmp_path / "fer2013.parquet")

    with pytest.raises(DatasetError, match=r"^row 4: row numbers must be unique"):
        read_fer2013(tmp_path / "fer2013.parquet")


def test_folder_of_parquet_files_is_read(tmp_path: Path, make_images: Any) -> None:
    for split, image in zip(("test", "train"), make_images(2), strict=True):
        data = (save_folder(tmp_path / "images", [image], ["one.png"]) / "one.png").read_bytes()
        path = tmp_path / "data" / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"image": [data], "label": [3]}), path)
    (tmp_path / "data" / "._test-00000-of-00001.parquet").write_bytes(b"not Parquet")

    source = read_fer2013(tmp_path / "data")

    assert source.splits.tolist() == [2, 0]
    assert source.samples.rows.tolist() == [0, 1]


def test_folder_hash_is_independent_of_its_path(tmp_path: Path, make_images: Any) -> None:
    names = ["train/happy/Training_0.png", "train/sad/Training_1.png"]
    here = read_fer2013(save_folder(tmp_path / "a", make_images(2), names))
    there = read_fer2013(save_folder(tmp_path / "b", make_images(2), names))
    other = read_fer2013(save_folder(tmp_path / "c", make_images(2, seed=1), names))

    assert here.sha256 == there.sha256 != other.sha256


@pytest.mark.parametrize("content", [None, "folder", b"\x89PNG\r\n\x1a\n\0"])
def test_unknown_format_is_an_error(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "source"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)

    with pytest.raises(DatasetError, match=r"expected fer2013\.csv \(plain or as \.gz"):
        read_fer2013(path)


def test_official_sample_equals_the_parquet_file(shared: Path, tmp_path: Path) -> None:
    data = shared / "data"
    if not (data / "fer2013.parquet").is_file():
        pytest.skip(f"no FER2013 in {data}")
    with (data / "fer2013-sample.csv").open() as file:
        usages = [row["Usage"] for row in csv.DictReader(file)]
    # The sample is the first rows of Training and the first of PublicTest.
    table = pq.read_table(data / "fer2013.parquet")
    start = table["usage"].to_pylist().index("PublicTest")
    training = usages.count("Training")
    same_rows = [*range(training), *range(start, start + len(usages) - training)]
    pq.write_table(table.take(same_rows), tmp_path / "same.parquet")

    sample = read_fer2013(data / "fer2013-sample.csv", data / "fer2013new-sample.csv")
    same = read_fer2013(tmp_path / "same.parquet")

    assert same.samples.rows.tolist() == same_rows
    np.testing.assert_array_equal(sample.splits, same.splits)
    np.testing.assert_array_equal(sample.samples.labels, same.samples.labels)
    assert sample.samples.votes is not None
    assert same.samples.votes is not None
    np.testing.assert_array_equal(sample.samples.votes, same.samples.votes)
    # Images that FER+ labels as not a face were compressed again in the Parquet file.
    faces = sample.samples.votes[:, 9] <= 5
    assert faces.sum() > 250
    np.testing.assert_array_equal(sample.samples.images[faces], same.samples.images[faces])
