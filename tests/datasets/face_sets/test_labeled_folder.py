from pathlib import Path

import pytest

from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED
from mememoji.datasets.face_sets.labeled_folder import list_labeled_folder
from mememoji.errors import DatasetError

HAPPY, SAD = FACE_LABELS.index("happy"), FACE_LABELS.index("sad")


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not decoded here")
    return folder


def list_labels(folder: Path) -> dict[str, int]:
    return {image.id: image.label for image in list_labeled_folder(folder, "own").images}


def test_innermost_class_folder_gives_the_label(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "photos",
        "Happiness/a.JPG",
        "train/sad/2024/b.png",
        "happy/sad/c.webp",
        "happy/unlabeled/d.jpg",
        "none/e.jpg",
        "f.jpg",
    )

    assert list_labels(folder) == {
        "Happiness/a.JPG": HAPPY,
        "f.jpg": UNLABELED,
        "happy/sad/c.webp": SAD,
        "happy/unlabeled/d.jpg": UNLABELED,
        "none/e.jpg": UNLABELED,
        "train/sad/2024/b.png": SAD,
    }


def test_single_class_folder_is_labeled_by_its_name(tmp_path: Path) -> None:
    assert list_labels(fill(tmp_path / "sad", "a.jpg", "more/b.jpg")) == {"a.jpg": SAD, "more/b.jpg": SAD}


def test_folders_without_any_class_are_unlabeled(tmp_path: Path) -> None:
    assert list_labels(fill(tmp_path / "holiday", "2023/a.jpg", "2024/b.jpg")) == {
        "2023/a.jpg": UNLABELED,
        "2024/b.jpg": UNLABELED,
    }


def test_misspelled_class_beside_others_is_rejected(tmp_path: Path) -> None:
    fill(tmp_path, "happy/a.jpg", "sda/b.jpg")

    with pytest.raises(DatasetError, match=r"sda must be named after a class, .*, or `unlabeled`; rename"):
        list_labeled_folder(tmp_path, "own")


def test_hidden_and_system_files_are_skipped_and_other_files_counted(tmp_path: Path) -> None:
    folder = fill(
        tmp_path,
        "happy/a.jpg",
        "happy/._a.jpg",
        "happy/.ipynb_checkpoints/a.jpg",
        "happy/@eaDir/a.jpg",
        "__MACOSX/happy/a.jpg",
        ".cache/b.jpg",
        "happy/Thumbs.db",
        "happy/b.JXL",
        "happy/c.jxl",
        "README",
    )

    listing = list_labeled_folder(folder, "own")

    assert [image.id for image in listing.images] == ["happy/a.jpg"]
    assert listing.other_files == {".jxl": 2, "no suffix": 1}


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", "a.jpg")
    fill(tmp_path, "outside.jpg")
    folder = fill(tmp_path / "photos", "sad/b.jpg")
    (folder / "happy").symlink_to(tmp_path / "elsewhere")
    (folder / "sad" / "loop").symlink_to(folder)
    (folder / "sad" / "around").symlink_to(tmp_path)

    assert list_labels(folder) == {"happy/a.jpg": HAPPY, "sad/b.jpg": SAD}


def test_folder_without_images_is_rejected(tmp_path: Path) -> None:
    fill(tmp_path, "happy/readme.txt")

    with pytest.raises(DatasetError, match=r"must hold images, got none; expected .*/<class>/\*\.jpg"):
        list_labeled_folder(tmp_path, "own")
