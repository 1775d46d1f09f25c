from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from mememoji.datasets.face_sets.face_duplicates import find_twins, merge_duplicates
from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet
from tests.datasets.conftest import draw_pictures


def face_set(images: npt.NDArray[np.uint8], labels: Sequence[int] = (), trust: Sequence[float] = ()) -> FaceSet:
    count = len(images)
    some = np.array(labels or [UNLABELED] * count, np.int8)
    trusts = np.array(trust or [0.5] * count, np.float32)
    ids = tuple(map(str, range(count)))
    return FaceSet(images, some, np.where(some == UNLABELED, np.float32(0), trusts), ("own",) * count, ids)


def with_context(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """(N, 64, 64) uint8, no two alike."""
    return np.pad(draw_pictures(count, seed), ((0, 0), (8, 8), (8, 8)), "reflect")


def astronaut(path: Path, size: float, *, side: int, shift: float = 0.0) -> npt.NDArray[np.uint8]:
    """The astronaut's face, (1, side, side) uint8, out of a square of `size` pixels."""
    left, top = 224 - size / 2 + shift, 110 - size / 2 + shift
    with Image.open(path) as image:
        box = (left, top, left + size, top + size)
        face = image.convert("L").resize((side, side), Image.Resampling.BOX, box=box)
    return np.asarray(face, np.uint8)[None]


def test_empty_sets_have_no_twins_and_nothing_to_merge() -> None:
    none = face_set(np.zeros((0, 64, 64), np.uint8))

    assert find_twins(none, draw_pictures(3)) == []
    assert find_twins(face_set(with_context(3)), np.zeros((0, 48, 48), np.uint8)) == []
    assert len(merge_duplicates(none).faces) == 0


@pytest.mark.parametrize("scale", [0.85, 0.93, 1.0, 1.08, 1.18])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_tighter_or_wider_copy_is_a_twin(scale: float, mirrored: bool, astronaut_path: Path) -> None:
    faces = face_set(np.concatenate([with_context(5), astronaut(astronaut_path, 128, side=64)]))
    copy = astronaut(astronaut_path, 96 * scale, side=48, shift=1.0)
    held_out = np.concatenate([draw_pictures(5, seed=1), copy[:, :, ::-1] if mirrored else copy])

    (twin,) = find_twins(faces, held_out)

    assert (twin.face, twin.twin, twin.exact, twin.mirrored) == (5, 5, False, mirrored)
    assert twin.correlation >= 0.8
    assert twin.window == pytest.approx(48 * scale, abs=3)


def test_equal_pixels_are_exact_twins_even_without_detail() -> None:
    faces = face_set(np.concatenate([with_context(2), np.full((1, 64, 64), 7, np.uint8)]))

    twins = find_twins(faces, faces.central[[2, 1, 1]])

    assert [(twin.face, twin.twin, twin.exact) for twin in twins] == [(1, 1, True), (2, 0, True)]


def test_most_trusted_of_duplicates_stays() -> None:
    images = with_context(3)[[0, 1, 0, 2, 0]]

    merged = merge_duplicates(face_set(images, [3, 4, 3, 5, UNLABELED], [0.5, 0.5, 0.9, 0.5, 0.0]))

    assert merged.faces.ids == ("1", "2", "3")
    assert merged.faces.labels.tolist() == [4, 3, 5]
    assert merged.dropped == [(0, 2), (4, 2)]
    assert merged.conflicts == []


def test_labels_in_conflict_are_taken_off() -> None:
    brighter = with_context(2)[[0, 0, 1]]
    brighter[1] += 5

    merged = merge_duplicates(face_set(brighter, [3, 4, 4]))

    assert merged.faces.ids == ("0", "2")
    assert merged.faces.labels.tolist() == [UNLABELED, 4]
    assert merged.faces.trust.tolist() == [0.0, 0.5]
    assert (merged.dropped, merged.conflicts) == ([(1, 0)], [0])
