"""The export of stored faces with feedback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mememoji.classification.preprocess import crop_faces
from mememoji.datasets.fer2013.provenance import read_provenance
from mememoji.datasets.splits import Split, read_split
from mememoji.emotions import FER2013_LABELS, Emotion
from mememoji.errors import DatasetError, RunError
from mememoji.image_io import encode_png
from mememoji.results import Box, Composition, Detection, Face
from mememoji.storage.feedback_export import compute_majority_label, export_feedback
from mememoji.storage.image_record import ImageRecord
from mememoji.storage.memory_store import MemoryStore
from tests.storage.conftest import MakeRecord

A, F, H, S = Emotion.ANGRY, Emotion.FEAR, Emotion.HAPPY, Emotion.SAD
EQUAL = Composition((0.2, 0.2, 0.2, 0.2, 0.1, 0.1))


def noise(seed: int, height: int = 100, width: int = 200) -> npt.NDArray[np.uint8]:
    """Return a noise image (H, W, 3) uint8 that differs for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 4, width // 4, 3), np.uint8)
    return coarse.repeat(4, axis=0).repeat(4, axis=1)


def face_at(x: int, y: int, side: int = 40) -> Face:
    return Face(Detection(Box(x, y, side, side)), EQUAL)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def add(store: MemoryStore, make: MakeRecord) -> Callable[..., ImageRecord]:
    """Return a function that stores an image of noise with one face and feedback on it."""

    def add(seed: int, *feedback: Emotion, **given: Any) -> ImageRecord:
        given = {"faces": (face_at(20, 30),), "image": encode_png(noise(seed))} | given
        record = make(**given)
        store.add(record)
        for emotion in feedback:
            store.add_feedback(record.image_id, 0, emotion)
        return record

    return add


def read_both_splits(out: Path) -> Split:
    """Return both splits as one, in the order of the rows."""
    parts = [read_split(out / f"{name}.parquet") for name in ("train", "val")]
    rows = np.concatenate([part.rows for part in parts])
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    return Split(rows, images, labels, None).take(np.argsort(rows))


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [((S,), S), ((H, S, H), H), ((H, S), S), ((S, H), H), ((H, H, S, S, A), S), ((S, S, H, H, F), H)],
)
def test_majority_label_of_a_tie_is_the_latest(feedback: tuple[Emotion, ...], expected: Emotion) -> None:
    assert compute_majority_label(feedback) is expected


def test_export_of_an_empty_store_has_empty_splits(store: MemoryStore, tmp_path: Path) -> None:
    card = export_feedback(store, tmp_path / "out")
    assert len(read_both_splits(tmp_path / "out")) == 0
    assert card["images"] == 0
    assert json.loads((tmp_path / "out" / "card.json").read_text()) == card


def test_export_has_labels_and_crops(store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path) -> None:
    for seed, emotion in enumerate(Emotion):
        add(seed, emotion)
    export_feedback(store, tmp_path / "out")
    read = read_both_splits(tmp_path / "out")
    by_label = {FER2013_LABELS[label]: image for label, image in zip(read.labels, read.images, strict=True)}
    assert set(by_label) == set(FER2013_LABELS) - {"disgust"}
    for seed, emotion in enumerate(Emotion):
        (expected,) = crop_faces(noise(seed), [face_at(20, 30).detection], margin=0.0)
        np.testing.assert_array_equal(by_label[emotion.value], expected)
    assert read_split(tmp_path / "out" / "train.parquet").votes is None


def test_export_feedback_crops_as_the_record_says(store: MemoryStore, make: MakeRecord, tmp_path: Path) -> None:
    record = make(faces=(face_at(60, 30),), image=encode_png(noise(1)), crop_margin=0.2)
    store.add(record)
    store.add_feedback(record.image_id, 0, H)
    export_feedback(store, tmp_path / "out")
    (expected,) = crop_faces(noise(1), [face_at(60, 30).detection], margin=0.2)
    np.testing.assert_array_equal(read_both_splits(tmp_path / "out").images[0], expected)


def test_export_uses_a_stored_crop_entirely(
    store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path
) -> None:
    crop = noise(3, 80, 80)
    add(0, H, image=None, crops=(encode_png(crop),))
    export_feedback(store, tmp_path / "out")
    (expected,) = crop_faces(crop, [Detection(Box(0, 0, 80, 80))], margin=0.0)
    np.testing.assert_array_equal(read_both_splits(tmp_path / "out").images[0], expected)


def test_export_counts_skipped_faces(store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path) -> None:
    add(0)
    add(1, S, faces=(face_at(0, 0), face_at(90, 50)))
    add(2, S, image=None)
    add(3, S, image=b"no image at all")
    add(4, S, image=None, crops=(b"no crop",))
    card = export_feedback(store, tmp_path / "out")
    assert card["skipped"] == {"without_feedback": 2, "without_pixels": 1, "unreadable": 2}
    assert len(read_both_splits(tmp_path / "out")) == 1
    assert card["images"] == 5


def test_faces_of_an_image_stay_in_one_split(
    store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path
) -> None:
    corners = (face_at(0, 0), face_at(100, 0), face_at(0, 60), face_at(100, 60))
    for seed in range(60):
        record = add(seed, H, faces=corners)
        for index in range(1, 4):
            store.add_feedback(record.image_id, index, H)
    export_feedback(store, tmp_path / "out", val_fraction=0.3)
    train, val = (read_split(tmp_path / "out" / f"{name}.parquet") for name in ("train", "val"))
    assert set(train.rows // 4).isdisjoint(val.rows // 4)
    assert len(train) + len(val) == 240
    # 60 draws with probability 0.3: outside of this range once in ten million.
    assert 2 <= len(val) // 4 <= 40

    first = {image.tobytes() for image in val.images}
    for seed in range(60, 70):
        add(seed, H)
    export_feedback(store, tmp_path / "out", val_fraction=0.3)
    again = {image.tobytes() for image in read_split(tmp_path / "out" / "val.parquet").images}
    assert first <= again


@pytest.mark.parametrize(("share", "full", "empty"), [(0.0, "train", "val"), (1.0, "val", "train")])
def test_val_fraction_of_zero_or_one_empties_a_split(
    store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path, share: float, full: str, empty: str
) -> None:
    for seed in range(5):
        add(seed, H)
    export_feedback(store, tmp_path / "out", val_fraction=share)
    assert len(read_split(tmp_path / "out" / f"{full}.parquet")) == 5
    assert len(read_split(tmp_path / "out" / f"{empty}.parquet")) == 0


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_val_fraction_out_of_range_raises_value_error(store: MemoryStore, tmp_path: Path, share: float) -> None:
    with pytest.raises(ValueError, match="val_fraction must be in"):
        export_feedback(store, tmp_path / "out", val_fraction=share)


def test_duplicate_of_a_val_crop_is_left_out_of_train(
    store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path
) -> None:
    for _ in range(60):
        add(7, H)
    card = export_feedback(store, tmp_path / "out", val_fraction=0.5)
    assert card["splits"]["train"]["images"] == 0
    assert card["leaks"]["count"] == 60 - card["splits"]["val"]["images"] > 0


def test_export_card_is_readable_by_train(store: MemoryStore, add: Callable[..., ImageRecord], tmp_path: Path) -> None:
    for seed in range(8):
        add(seed, H)
    out = tmp_path / "out"
    card = export_feedback(store, out)
    splits = {name: read_split(out / f"{name}.parquet") for name in ("train", "val")}
    assert f"feedback on stored images: {len(splits['train'])} images" in read_provenance(out, splits).trained_on
    assert not any(record.image_id in json.dumps(card) for record in store.iter_images())


def test_folder_with_other_files_is_not_replaced(store: MemoryStore, tmp_path: Path) -> None:
    export_feedback(store, tmp_path / "out")
    export_feedback(store, tmp_path / "out")
    (tmp_path / "out" / "test.parquet").write_bytes(b"of somebody's own")
    with pytest.raises(DatasetError, match=r"holds other files \(test\.parquet\)"):
        export_feedback(store, tmp_path / "out")
    (tmp_path / "file").write_text("a file")
    with pytest.raises(RunError, match="cannot be written"):
        export_feedback(store, tmp_path / "file" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]
