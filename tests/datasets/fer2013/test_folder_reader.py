from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mememoji.datasets.fer2013.folder_reader import is_image_folder, list_images, read_folder
from mememoji.errors import DatasetError


def save(folder: Path, name: str, image: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert not is_image_folder(tmp_path)
    with pytest.raises(DatasetError, match="must hold images, got none"):
        list_images(tmp_path)


def test_file_names_determine_split_and_row(tmp_path: Path, make_images: Any) -> None:
    images = make_images(4)
    save(tmp_path, "train/happy/Training_3.png", images[0])
    save(tmp_path, "test/sadness/PublicTest_1.png", images[1])
    save(tmp_path, "test/Anger/PrivateTest_2.png", images[2])
    save(tmp_path, "test/neutral/PrivateTest_00.png", images[3])
    (tmp_path / "train/happy/.DS_Store").write_bytes(b"")

    listing = list_images(tmp_path)
    records = {record.row: record for record in read_folder(listing.files)}

    assert is_image_folder(tmp_path)
    assert listing.is_numbered
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
def test_folder_determines_the_split_of_other_names(folder: str, split: int, tmp_path: Path, make_images: Any) -> None:
    for index, image in enumerate(make_images(2)):
        save(tmp_path, f"{folder}/fear/im{index}.png", image)

    listing = list_images(tmp_path)

    assert not listing.is_numbered
    assert [(file.row, file.label, file.split) for file in listing.files] == [
        (0, 2, split),
        (1, 2, split),
    ]


def test_repeated_numbers_are_not_row_numbers(tmp_path: Path, make_images: Any) -> None:
    first, second = make_images(2)
    save(tmp_path, "train/happy/Training_5.png", first)
    save(tmp_path, "train/sad/Training_5.png", second)

    listing = list_images(tmp_path)

    assert not listing.is_numbered
    assert [file.row for file in listing.files] == [0, 1]


def test_color_jpeg_is_read_as_gray(tmp_path: Path, make_images: Any) -> None:
    gray = make_images(1)[0]
    save(tmp_path, "train/happy/Training_0.png", np.stack([gray] * 3, axis=2))

    (record,) = read_folder(list_images(tmp_path).files)

    np.testing.assert_array_equal(record.image, gray)


def test_folder_of_another_name_is_an_error(tmp_path: Path, make_images: Any) -> None:
    save(tmp_path, "train/bored/Training_0.png", make_images(1)[0])
    save(tmp_path, "train/happy/Training_1.png", make_images(1)[0])

    with pytest.raises(DatasetError, match="bored must be named after one of angry, disgust"):
        list_images(tmp_path)


def test_hidden_and_system_entries_are_skipped(tmp_path: Path, make_images: Any) -> None:
    image = make_images(1)[0]
    for name in (
        "train/happy/Training_0.png",
        "train/happy/._Training_1.png",
        "train/happy/~$aining_1.png",
        "train/happy/@eaDir/Training_2.png",
        "train/.ipynb_checkpoints/Training_3.png",
        "train/__MACOSX/Training_4.png",
        "train/lost+found/Training_5.png",
        "train/$RECYCLE.BIN/Training_6.png",
        ".test/sad/PublicTest_7.png",
    ):
        save(tmp_path, name, image)
    for name in ("train/Thumbs.db", "train/happy/Thumbs.db", "train/happy/notes.txt", "train/desktop.ini"):
        (tmp_path / name).write_bytes(b"")

    assert [file.path.name for file in list_images(tmp_path).files] == ["Training_0.png"]


@pytest.mark.parametrize("name", ["more/Training_1.png", "Training_1.heic", "Training_1.psd"])
def test_images_that_are_not_read_are_an_error(name: str, tmp_path: Path, make_images: Any) -> None:
    save(tmp_path, "train/happy/Training_0.tif", make_images(1)[0])
    path = tmp_path / "train/happy" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")

    with pytest.raises(DatasetError, match=r"happy/(more must be an image|Training_1.\w+ must end in .avif, .bmp)"):
        list_images(tmp_path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_truncated_image_is_an_error(suffix: str, tmp_path: Path, make_images: Any) -> None:
    save(tmp_path, f"train/happy/Training_12.{suffix}", make_images(1)[0])
    path = tmp_path / f"train/happy/Training_12.{suffix}"
    for content in (path.read_bytes()[: path.stat().st_size // 2], b"text"):
        path.write_bytes(content)
        with pytest.raises(
            DatasetError, match=rf"^row 12: .*{path.name} cannot be decoded and may be truncated"
        ) as error:
            list(read_folder(list_images(tmp_path).files))
        assert "object at" not in str(error.value)


def test_image_of_another_size_is_an_error(tmp_path: Path) -> None:
    save(tmp_path, "train/happy/Training_12.png", np.zeros((48, 47), np.uint8))

    with pytest.raises(DatasetError, match=r"^row 12: .*must have 48x48 pixels, got 47x48"):
        list(read_folder(list_images(tmp_path).files))
