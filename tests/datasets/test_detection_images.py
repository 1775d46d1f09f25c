"""Images with labeled faces."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.detection_images import read_all_detection_samples, read_detection_samples
from mememoji.errors import DatasetError
from tests.drawn_faces import draw_sample, write_parquet

BOXES = np.array([[0, 0, 30, 30], [0, 0, 30, 10], [5, 5, 40, 40], [5, 5, 40, 40]], np.float32)


def test_samples_that_were_written_are_read_back(tmp_path: Path) -> None:
    written = [draw_sample(1, faces=2), draw_sample(2, faces=0)]
    write_parquet(written, tmp_path / "some.parquet")
    found = read_detection_samples(tmp_path / "some.parquet")
    assert [sample.id for sample in found] == ["drawn:1", "drawn:2"]
    for before, after in zip(written, found, strict=True):
        assert after.image == before.image
        np.testing.assert_allclose(after.faces, before.faces, atol=1e-4)
        np.testing.assert_allclose(after.landmarks, before.landmarks)
        assert after.ignore.shape == (0, 4)


def test_read_all_concatenates_files_and_rejects_repeated_ids(tmp_path: Path) -> None:
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    write_parquet([draw_sample(1), draw_sample(2)], files[0])
    write_parquet([draw_sample(3)], files[1])
    assert read_all_detection_samples([]) == []
    assert [one.id for one in read_all_detection_samples(files)] == ["drawn:1", "drawn:2", "drawn:3"]
    with pytest.raises(DatasetError, match="must be unique over all files, got 'drawn:1'"):
        read_all_detection_samples([files[0], files[0]])


def test_uncertain_regions_omit_large_background_regions() -> None:
    reasons = ("one run", "turned", "runs", "turned")
    sample = dataclasses.replace(draw_sample(1), ignore=BOXES, ignore_why=reasons)
    np.testing.assert_array_equal(sample.get_uncertain_regions(), BOXES[[1, 2]])


@pytest.mark.parametrize(
    ("source", "name", "is_animal"),
    [
        ("dogcat", "dogcat:cat-cat.305", True),
        ("imagenet", "imagenet:n02114712_red_wolf", True),
        ("imagenet", "imagenet:n02655020_puffer", True),
        ("imagenet", "imagenet:n03891251_park_bench", False),
        ("bsds", "bsds:67079", False),
    ],
)
def test_is_animal_follows_source_and_imagenet_class(source: str, name: str, is_animal: bool) -> None:
    sample = dataclasses.replace(draw_sample(1), source=source, id=name)
    assert sample.is_animal is is_animal
    assert is_animal or not sample.is_hard_negative


def test_is_hard_negative_holds_out_a_third_of_animals() -> None:
    ids = [f"dogcat:dog-dog.{number}" for number in range(600)]
    hard_negatives = [dataclasses.replace(draw_sample(1), source="dogcat", id=name).is_hard_negative for name in ids]
    assert 160 < sum(hard_negatives) < 240


def test_sample_with_mismatched_shapes_raises_dataset_error() -> None:
    with pytest.raises(DatasetError, match="landmarks"):
        dataclasses.replace(draw_sample(1), landmarks=np.zeros((2, 5, 2), np.float32))
    with pytest.raises(DatasetError, match="ignore must be"):
        dataclasses.replace(draw_sample(1), ignore=BOXES)


def test_read_invalid_files_raises_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="must be a Parquet file of labeled images, but does not exist"):
        read_detection_samples(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_detection_samples(tmp_path / "text.parquet")
    pq.write_table(pa.table({"image": [b""]}), tmp_path / "other.parquet")
    with pytest.raises(DatasetError, match="but lacks faces"):
        read_detection_samples(tmp_path / "other.parquet")


def test_val_matches_its_readme(shared: Path) -> None:
    path = shared / "faces" / "val.parquet"
    if not path.is_file():
        pytest.skip(f"no images at {path}")
    val = read_detection_samples(path)
    assert (len(val), sum(len(sample.faces) for sample in val)) == (500, 685)
    assert sum(sample.is_animal for sample in val) == 34
