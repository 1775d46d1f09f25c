"""Images with labeled faces."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.detection_images import read_all_photographs, read_photographs
from mememoji.errors import DatasetError
from tests.drawn_faces import drawn, write_parquet

BOXES = np.array([[0, 0, 30, 30], [0, 0, 30, 10], [5, 5, 40, 40], [5, 5, 40, 40]], np.float32)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = [drawn(1, faces=2), drawn(2, faces=0)]
    write_parquet(written, tmp_path / "some.parquet")
    found = read_photographs(tmp_path / "some.parquet")
    assert [photograph.id for photograph in found] == ["drawn:1", "drawn:2"]
    for before, after in zip(written, found, strict=True):
        assert after.image == before.image
        np.testing.assert_allclose(after.faces, before.faces, atol=1e-4)
        np.testing.assert_allclose(after.landmarks, before.landmarks)
        assert after.ignore.shape == (0, 4)


def test_read_all_photographs_joins_files_and_refuses_an_id_twice(tmp_path: Path) -> None:
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    write_parquet([drawn(1), drawn(2)], files[0])
    write_parquet([drawn(3)], files[1])
    assert read_all_photographs([]) == []
    assert [one.id for one in read_all_photographs(files)] == ["drawn:1", "drawn:2", "drawn:3"]
    with pytest.raises(DatasetError, match="must be unique over all files, got 'drawn:1'"):
        read_all_photographs([files[0], files[0]])


def test_large_regions_of_one_run_or_turned_are_background() -> None:
    why = ("one run", "turned", "runs", "turned")
    photograph = dataclasses.replace(drawn(1), ignore=BOXES, ignore_why=why)
    np.testing.assert_array_equal(photograph.unsure(), BOXES[[1, 2]])


@pytest.mark.parametrize(
    ("source", "name", "animal"),
    [
        ("dogcat", "dogcat:cat-cat.305", True),
        ("imagenet", "imagenet:n02114712_red_wolf", True),
        ("imagenet", "imagenet:n02655020_puffer", True),
        ("imagenet", "imagenet:n03891251_park_bench", False),
        ("bsds", "bsds:67079", False),
    ],
)
def test_animals_are_known_by_source_and_class(source: str, name: str, animal: bool) -> None:
    photograph = dataclasses.replace(drawn(1), source=source, id=name)
    assert photograph.is_animal is animal
    assert animal or not photograph.is_held_out


def test_about_a_third_of_animals_is_held_out() -> None:
    ids = [f"dogcat:dog-dog.{number}" for number in range(600)]
    held = [dataclasses.replace(drawn(1), source="dogcat", id=name).is_held_out for name in ids]
    assert 160 < sum(held) < 240


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DatasetError, match="landmarks"):
        dataclasses.replace(drawn(1), landmarks=np.zeros((2, 5, 2), np.float32))
    with pytest.raises(DatasetError, match="ignore is"):
        dataclasses.replace(drawn(1), ignore=BOXES)


def test_files_that_hold_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no file of images"):
        read_photographs(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_photographs(tmp_path / "text.parquet")
    pq.write_table(pa.table({"image": [b""]}), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="it lacks faces"):
        read_photographs(tmp_path / "other.parquet")


def test_val_is_as_its_readme_says(shared: Path) -> None:
    path = shared / "faces" / "val.parquet"
    if not path.is_file():
        pytest.skip(f"no images at {path}")
    val = read_photographs(path)
    assert (len(val), sum(len(photograph.faces) for photograph in val)) == (500, 685)
    assert sum(photograph.is_animal for photograph in val) == 34
