import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mememoji.datasets.fer2013.prepare_fer2013 import prepare_fer2013
from mememoji.datasets.splits import read_split
from mememoji.errors import DatasetError, RunError

ALL = ["card.json", "classes.png", "faces.png", "test.parquet", "train.parquet", "val.parquet"]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_prepare_writes_exactly_its_outputs(
    official_csv: Path, ferplus_csv: Path, tmp_path: Path, make_images: Any
) -> None:
    out = tmp_path / "deep" / "prepared"

    card = prepare_fer2013(official_csv, ferplus_csv, out)

    assert names(out) == ALL
    assert names(out.parent) == ["prepared"]
    assert json.loads((out / "card.json").read_text()) == card
    train, val, test = (read_split(out / f"{name}.parquet") for name in ("train", "val", "test"))
    assert [split.rows.tolist() for split in (train, val, test)] == [[0, 1, 2, 3, 4, 5], [6, 7], [8]]
    assert test.votes is not None
    assert test.votes[0].tolist() == [8, 0, 0, 0, 0, 0, 2, 0, 0, 0]
    np.testing.assert_array_equal(train.images, make_images(9)[:6])
    assert card["splits"]["train"]["non_faces_by_votes"] == 1


def test_only_the_splits_of_the_source_are_written(tmp_path: Path, make_images: Any, write_csv: Any) -> None:
    source = write_csv(tmp_path / "fer2013.csv", [(3, image, "PublicTest") for image in make_images(2)])

    card = prepare_fer2013(source, None, tmp_path / "out")

    assert names(tmp_path / "out") == ["card.json", "classes.png", "faces.png", "val.parquet"]
    assert list(card["splits"]) == ["val"]
    assert card["splits"]["val"]["non_faces_by_votes"] is None


@pytest.fixture
def leaky_csv(tmp_path: Path, make_images: Any, write_csv: Any) -> Path:
    """Rows 0 to 3 of train; 4 of val equals 0; 5 of test is 1, brighter and mirrored; 3 equals 2."""
    images = make_images(3)[[0, 1, 2, 2, 0, 1]]
    images[5] = (images[5] * 1.1 + 5).astype(np.uint8)[:, ::-1]
    usages = ["Training"] * 4 + ["PublicTest", "PrivateTest"]
    return Path(write_csv(tmp_path / "fer2013.csv", [(3, *row) for row in zip(images, usages, strict=True)]))


def test_duplicates_of_held_out_images_are_left_out_but_not_those_within_train(leaky_csv: Path, tmp_path: Path) -> None:
    card = prepare_fer2013(leaky_csv, None, tmp_path / "out")

    assert read_split(tmp_path / "out" / "train.parquet").rows.tolist() == [2, 3]
    assert len(read_split(tmp_path / "out" / "val.parquet")) == 1
    assert card["leaks"]["left_out_of_train"] is True
    assert [row[:4] for row in card["leaks"]["rows"]] == [[0, 4, "val", "exact"], [1, 5, "test", "near"]]
    assert card["duplicates"]["identical_rows"] == [[0, 4], [2, 3]]


def test_keep_duplicates_keeps_and_lists_them(leaky_csv: Path, tmp_path: Path) -> None:
    card = prepare_fer2013(leaky_csv, None, tmp_path / "out", keep_duplicates=True)

    assert read_split(tmp_path / "out" / "train.parquet").rows.tolist() == [0, 1, 2, 3]
    assert (card["leaks"]["count"], card["leaks"]["left_out_of_train"]) == (2, False)


def test_train_of_only_duplicates_is_written_empty(tmp_path: Path, make_images: Any, write_csv: Any) -> None:
    image = make_images(1)[0]
    source = write_csv(tmp_path / "fer2013.csv", [(3, image, "Training"), (3, image, "PublicTest")])

    prepare_fer2013(source, None, tmp_path / "out")

    assert len(read_split(tmp_path / "out" / "train.parquet")) == 0


def test_error_writes_nothing(official_csv: Path, tmp_path: Path) -> None:
    before = names(tmp_path)
    with official_csv.open("a") as file:
        file.write("broken\n")

    with pytest.raises(DatasetError, match=r"^row 9: "):
        prepare_fer2013(official_csv, None, tmp_path / "out")

    assert names(tmp_path) == before


def test_error_keeps_an_earlier_output(official_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare_fer2013(official_csv, None, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    official_csv.write_text("emotion,pixels,Usage\n")

    with pytest.raises(DatasetError, match="has no rows"):
        prepare_fer2013(official_csv, None, out)

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_earlier_output_is_replaced_completely(
    official_csv: Path, tmp_path: Path, make_images: Any, write_csv: Any
) -> None:
    out = tmp_path / "out"
    prepare_fer2013(official_csv, None, out)
    # What a file manager leaves there does not count as another file.
    (out / ".DS_Store").write_bytes(b"")
    smaller = write_csv(tmp_path / "smaller.csv", [(3, image, "Training") for image in make_images(2)])

    prepare_fer2013(smaller, None, out)

    assert names(out) == ["card.json", "classes.png", "faces.png", "train.parquet"]
    assert names(tmp_path) == ["fer2013.csv", "out", "smaller.csv"]


def test_folder_with_other_files_is_rejected(official_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "diary.txt").write_text("mine")

    with pytest.raises(DatasetError, match=r"holds other files \(diary\.txt\)"):
        prepare_fer2013(official_csv, None, out)

    assert names(out) == ["diary.txt"]


@pytest.mark.parametrize("place", ["fer2013.csv", "fer2013.csv/out"])
def test_path_that_cannot_be_a_folder_is_an_error(place: str, official_csv: Path, tmp_path: Path) -> None:
    with pytest.raises((DatasetError, RunError), match=r"must be a folder, but is a file|cannot be written"):
        prepare_fer2013(official_csv, None, tmp_path / place)

    assert official_csv.is_file()


def test_same_source_gives_the_same_bytes(official_csv: Path, tmp_path: Path) -> None:
    prepare_fer2013(official_csv, None, tmp_path / "one")
    prepare_fer2013(official_csv, None, tmp_path / "two")

    for name in ALL:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
