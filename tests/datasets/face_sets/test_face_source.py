from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.datasets.face_sets.face_cutter import FaceCutter, SkipReason
from mememoji.datasets.face_sets.face_set import FACE_LABELS, UNLABELED, FaceSet, concatenate, write_face_set
from mememoji.datasets.face_sets.face_source import FaceSource, make_ids_unique, read_faces
from mememoji.datasets.splits import Split, write_split
from mememoji.detection.full_image import FullImageDetector
from mememoji.errors import DatasetError
from mememoji.image_io import encode_png
from tests.datasets.conftest import draw_images

WHOLE = FaceCutter(FullImageDetector())
HAPPY, SAD = FACE_LABELS.index("happy"), FACE_LABELS.index("sad")


def write_images(folder: Path, *names: str) -> Path:
    for name, image in zip(names, draw_images(len(names)), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode_png(image))
    return folder


def test_class_folders_are_read(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "own", "happy/a.png", "sad/b.png", "c.png")
    (folder / "sad" / "damaged.png").write_bytes(b"\x89PNG\r\n")
    (folder / "sad" / "phone.jxl").write_bytes(b"")

    read = read_faces(FaceSource(folder), WHOLE, trust=0.7)

    assert read.faces.ids == ("c.png", "happy/a.png", "sad/b.png")
    assert read.faces.labels.tolist() == [UNLABELED, HAPPY, SAD]
    assert read.faces.trust.tolist() == pytest.approx([0.0, 0.7, 0.7])
    assert read.faces.sources == ("own",) * 3
    np.testing.assert_array_equal(read.faces.central[1], draw_images(3)[0])
    assert (read.images, read.skipped) == (4, {SkipReason.DAMAGED: ["own/sad/damaged.png"]})
    assert read.other_files == {".jxl": 1}


def test_trust_of_a_column_precedes_the_source_and_the_default(tmp_path: Path) -> None:
    images = [encode_png(image) for image in draw_images(2)]
    path = tmp_path / "own.parquet"
    pq.write_table(pa.table({"image": images, "label": ["happy", "sad"], "trust": [0.25, None]}), path)
    folder = write_images(tmp_path / "folder", "happy/a.png")

    assert read_faces(FaceSource(path), WHOLE, trust=0.5).faces.trust.tolist() == [0.25, 0.5]
    assert read_faces(FaceSource(folder, 0.25), WHOLE).faces.trust.tolist() == [0.25]
    with pytest.raises(DatasetError, match=r"has a column trust, so no other trust can be given; omit :0\.5"):
        read_faces(FaceSource(path, 0.5), WHOLE)


def test_face_sets_are_read_unchanged(tmp_path: Path) -> None:
    faces = read_faces(FaceSource(write_images(tmp_path / "own", "happy/a.png", "b.png")), WHOLE).faces
    write_face_set(faces, tmp_path / "faces.parquet")

    read = read_faces(FaceSource(tmp_path / "faces.parquet"), FaceCutter(FullImageDetector(), min_size=1000))

    np.testing.assert_array_equal(read.faces.images, faces.images)
    assert (read.faces.ids, read.images) == (faces.ids, 2)


def test_split_files_are_padded_with_edge_pixels(tmp_path: Path) -> None:
    images = draw_images(2)
    split = Split(np.array([7, 9], np.int32), images, np.array([3, 6], np.int8), None)
    write_split(split, tmp_path / "train.parquet")

    faces = read_faces(FaceSource(tmp_path / "train.parquet", 0.5), WHOLE).faces

    np.testing.assert_array_equal(faces.central, images)
    np.testing.assert_array_equal(faces.images[:, :8, 20], np.repeat(images[:, :1, 12], 8, axis=1))
    assert (faces.ids, faces.sources) == (("7", "9"), ("train", "train"))
    assert [FACE_LABELS[label] for label in faces.labels] == ["happy", "neutral"]
    assert faces.trust.tolist() == [0.5, 0.5]


def test_source_without_a_face_gives_an_empty_set(tmp_path: Path) -> None:
    read = read_faces(FaceSource(write_images(tmp_path, "a.png")), FaceCutter(FullImageDetector(), min_size=1000))

    assert len(read.faces) == 0
    assert read.skipped == {SkipReason.TOO_SMALL: [f"{tmp_path.name}/a.png"]}


def test_from_text_parses_path_and_trust(tmp_path: Path) -> None:
    (tmp_path / "own:0.5").mkdir()
    (tmp_path / "own").mkdir()

    assert FaceSource.from_text(str(tmp_path / "own")) == FaceSource(tmp_path / "own")
    assert FaceSource.from_text(f"{tmp_path / 'own'}:.25") == FaceSource(tmp_path / "own", 0.25)
    assert FaceSource.from_text(str(tmp_path / "own:0.5")) == FaceSource(tmp_path / "own:0.5")
    with pytest.raises(DatasetError, match=r"trust must be in 0\.\.1, got 7"):
        FaceSource.from_text(f"{tmp_path / 'own'}:7")
    with pytest.raises(DatasetError, match="missing must be a folder or a Parquet file, but does not exist"):
        FaceSource.from_text(str(tmp_path / "missing"))


def test_other_files_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "own.zip").write_bytes(b"PK")

    with pytest.raises(DatasetError, match="must be a folder or a Parquet file, but cannot be read as one"):
        read_faces(FaceSource(tmp_path / "own.zip"), WHOLE)


def test_make_ids_unique_numbers_repeated_ids() -> None:
    one = FaceSet(np.zeros((1, 64, 64), np.uint8), np.array([3], np.int8), np.ones(1, np.float32), ("own",), ("a",))

    assert make_ids_unique(concatenate([one, one, one])).ids == ("a", "a#2", "a#3")


def test_images_with_boxes_give_one_face_each(shared: Path) -> None:
    path = shared / "expressions" / "val.parquet"
    if not path.is_file():
        pytest.skip(f"no patches of faces at {path}")

    read = read_faces(FaceSource(path), WHOLE)

    assert len(read.faces) == read.images
    assert read.faces.is_labeled.all()
    assert (read.faces.trust > 0).all()
    assert len(set(read.faces.sources)) > 1
