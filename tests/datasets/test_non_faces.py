"""Crops of no face, read."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mememoji.datasets.non_faces import read_non_faces
from mememoji.datasets.splits import Split, write_split
from mememoji.errors import DatasetError


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name, side, grey in (("b/c.png", 48, 30), ("a.png", 96, 200)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.full((side, side, 3), grey, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    crops = read_non_faces(tmp_path)
    assert crops.shape == (2, 48, 48)
    assert crops.mean(axis=(1, 2)).tolist() == [200, 30]


def test_a_split_file_gives_its_pictures(pattern_split: Split, tmp_path: Path) -> None:
    write_split(pattern_split, tmp_path / "crops.parquet")
    np.testing.assert_array_equal(read_non_faces(tmp_path / "crops.parquet"), pattern_split.images)


def test_nothing_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no pictures"):
        read_non_faces(tmp_path)
    with pytest.raises(DatasetError, match="no split file"):
        read_non_faces(tmp_path / "missing")
