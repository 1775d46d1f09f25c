from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mememoji.analyzer import Analyzer
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.detection.fake_detector import FakeDetector
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError
from mememoji.evaluation.classification.labeled_faces import find_labeled_faces
from mememoji.image_io import encode_png
from mememoji.results import Box, Detection

SMALL, LARGE = Detection(Box(0, 0, 20, 20), 0.9), Detection(Box(30, 10, 50, 40), 0.6)
# The eyes are above one another: the face is rotated by 90 degrees.
POINTS = [70.0, 30.0, 70.0, 50.0, 60.0, 40.0, 50.0, 32.0, 50.0, 48.0]
IMAGE = np.random.default_rng(5).integers(0, 256, (80, 100, 3), np.uint8)


def make_analyzer(*detections: Detection) -> Analyzer:
    return Analyzer(FakeDetector(detections), FakeClassifier({"happy": 1.0}))


def write_rows(path: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_folder_with_system_files_and_damaged_images(tmp_path: Path) -> None:
    for name in ("anger/a.png", "Happy/b.PNG", "contempt/c.png", "unlabeled/d.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(encode_png(IMAGE))
    (tmp_path / "Happy" / "e.jpg").write_bytes(b"\xff\xd8\xff cut off")
    for name in (
        "Happy/._b.png",
        "Happy/Thumbs.db",
        "Happy/.ipynb_checkpoints/b.png",
        "@eaDir/b.png",
        "Happy/notes.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"system file")

    faces = find_labeled_faces(tmp_path, [make_analyzer(LARGE)])

    assert [FER2013_LABELS[label] for label in faces.labels] == ["happy", "angry"]
    assert faces.ids == ("Happy/b.PNG", "anger/a.png")
    assert faces.skipped.damaged == (f"{tmp_path.name}/Happy/e.jpg",)
    assert (faces.skipped.contempt, faces.skipped.unlabeled, faces.skipped.other_files) == (1, 1, {".txt": 1})


@pytest.mark.parametrize(("found", "expected"), [((), None), ((SMALL,), SMALL), ((SMALL, LARGE), LARGE)])
def test_largest_face_is_cropped(found: tuple[Detection, ...], expected: Detection | None, tmp_path: Path) -> None:
    analyzer = make_analyzer(*found)
    path = write_rows(tmp_path / "a.parquet", image=[encode_png(IMAGE)], label=["sad"])

    faces = find_labeled_faces(path, [analyzer])

    assert faces.has_face.tolist() == [expected is not None]
    assert np.array_equal(faces.crops[0], analyzer.crop_faces(IMAGE, [expected] if expected else []))


def test_stored_faces_are_cropped_like_detected_ones(tmp_path: Path) -> None:
    analyzer = make_analyzer(SMALL)
    path = write_rows(
        tmp_path / "a.parquet",
        image=[encode_png(IMAGE)] * 3,
        label=["sad", "fear", "fear"],
        box=[[30.2, 9.8, 50.0, 40.0], None, [200.0, 0.0, 20.0, 20.0]],
        landmarks=[POINTS, None, None],
        source=["here", "there", "there"],
        id=["one", "two", "three"],
    )

    faces = find_labeled_faces(path, [analyzer], use_boxes=True)

    stored = Detection(LARGE.box, landmarks=tuple(zip(POINTS[::2], POINTS[1::2], strict=True)))
    assert faces.has_face.tolist() == [True, False, False]
    assert np.array_equal(faces.crops[0], analyzer.crop_faces(IMAGE, [stored]))
    assert (faces.sources, faces.ids) == (("here", "there", "there"), ("one", "two", "three"))


@pytest.mark.parametrize(
    ("write", "use_boxes", "message"),
    [
        (lambda path: path, False, "Parquet file, but"),
        (lambda path: write_rows(path, image=[encode_png(IMAGE)], label=[None]), False, "labeled with one of angry"),
        (lambda path: write_rows(path, image=[b"nothing"], label=["sad"]), False, "can be decoded, got none"),
        (lambda path: write_rows(path, image=[encode_png(IMAGE)], label=["bored"]), False, "'bored'"),
        (lambda path: write_rows(path, image=[encode_png(IMAGE)], label=["sad"]), True, "must have a column box"),
    ],
    ids=["missing", "no label", "all damaged", "unknown label", "no boxes"],
)
def test_unusable_data_is_rejected(
    write: Callable[[Path], Path], use_boxes: bool, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match=message):
        find_labeled_faces(path, [make_analyzer(LARGE)], use_boxes=use_boxes)
