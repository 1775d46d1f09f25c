from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mememoji.datasets.fer2013.folder_source import is_picture_folder, list_pictures, read_folder
from mememoji.errors import DatasetError


def save(folder: Path, name: str, image: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def test_an_empty_folder_is_none(tmp_path: Path) -> None:
    assert not is_picture_folder(tmp_path)
    with pytest.raises(DatasetError, match="holds no images"):
        list_pictures(tmp_path)


def test_the_name_says_the_split_and_the_row(tmp_path: Path, pictures: Any) -> None:
    images = pictures(4)
    save(tmp_path, "train/happy/Training_3.png", images[0])
    save(tmp_path, "test/sadness/PublicTest_1.png", images[1])
    save(tmp_path, "test/Anger/PrivateTest_2.png", images[2])
    save(tmp_path, "test/neutral/PrivateTest_00.png", images[3])
    (tmp_path / "train/happy/.DS_Store").write_bytes(b"")

    listing = list_pictures(tmp_path)
    records = {record.row: record for record in read_folder(listing.pictures)}

    assert is_picture_folder(tmp_path)
    assert listing.numbered
    assert {row: (record.label, record.split) for row, record in records.items()} == {
        3: (3, 0),
        1: (4, 1),
        2: (0, 2),
        0: (6, 2),
    }
    np.testing.assert_array_equal(records[1].image, images[1])


@pytest.mark.parametrize(
    ("folder", "split"), [("train", 0), ("Training", 0), ("val", 1), ("validation", 1), ("PublicTest", 1), ("test", 2)]
)
def test_where_names_say_nothing_the_folder_does(folder: str, split: int, tmp_path: Path, pictures: Any) -> None:
    for index, image in enumerate(pictures(2)):
        save(tmp_path, f"{folder}/fear/im{index}.png", image)

    listing = list_pictures(tmp_path)

    assert not listing.numbered
    assert [(picture.row, picture.label, picture.split) for picture in listing.pictures] == [
        (0, 2, split),
        (1, 2, split),
    ]


def test_numbers_that_stand_twice_are_no_row_numbers(tmp_path: Path, pictures: Any) -> None:
    first, second = pictures(2)
    save(tmp_path, "train/happy/Training_5.png", first)
    save(tmp_path, "train/sad/Training_5.png", second)

    listing = list_pictures(tmp_path)

    assert not listing.numbered
    assert [picture.row for picture in listing.pictures] == [0, 1]


def test_a_jpeg_in_color_reads_as_gray(tmp_path: Path, pictures: Any) -> None:
    gray = pictures(1)[0]
    save(tmp_path, "train/happy/Training_0.png", np.stack([gray] * 3, axis=2))

    (record,) = read_folder(list_pictures(tmp_path).pictures)

    np.testing.assert_array_equal(record.image, gray)


def test_a_folder_of_no_emotion_is_an_error(tmp_path: Path, pictures: Any) -> None:
    save(tmp_path, "train/bored/Training_0.png", pictures(1)[0])
    save(tmp_path, "train/happy/Training_1.png", pictures(1)[0])

    with pytest.raises(DatasetError, match="bored is not called after an emotion; expected angry, disgust"):
        list_pictures(tmp_path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_picture_cut_off_says_its_file_and_row(suffix: str, tmp_path: Path, pictures: Any) -> None:
    save(tmp_path, f"train/happy/Training_12.{suffix}", pictures(1)[0])
    path = tmp_path / f"train/happy/Training_12.{suffix}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(DatasetError, match=rf"^row 12: .*Training_12.{suffix} cannot be decoded, it may be cut off"):
        list(read_folder(list_pictures(tmp_path).pictures))


def test_a_picture_of_another_size_is_an_error(tmp_path: Path) -> None:
    save(tmp_path, "train/happy/Training_12.png", np.zeros((48, 47), np.uint8))

    with pytest.raises(DatasetError, match=r"^row 12: .*expected 48x48 pixels, got 47x48"):
        list(read_folder(list_pictures(tmp_path).pictures))
