from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from mememoji.datasets.face_sets.face_duplicates import deduplicate, find_held_out_duplicates
from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet
from tests.datasets.conftest import draw_images


def face_set(images: npt.NDArray[np.uint8], labels: Sequence[int] = (), trust: Sequence[float] = ()) -> FaceSet:
    count = len(images)
    some = np.array(labels or [UNLABELED] * count, np.int8)
    trusts = np.array(trust or [0.5] * count, np.float32)
    ids = tuple(map(str, range(count)))
    return FaceSet(images, some, np.where(some == UNLABELED, np.float32(0), trusts), ("own",) * count, ids)


def with_context(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """(N, 64, 64) uint8, all different."""
    return np.pad(draw_images(count, seed), ((0, 0), (8, 8), (8, 8)), "reflect")


def astronaut(path: Path, size: float, *, side: int, shift: float = 0.0) -> npt.NDArray[np.uint8]:
    """The astronaut's face, (1, side, side) uint8, out of a square of `size` pixels."""
    left, top = 224 - size / 2 + shift, 110 - size / 2 + shift
    with Image.open(path) as image:
        box = (left, top, left + size, top + size)
        face = image.convert("L").resize((side, side), Image.Resampling.BOX, box=box)
    return np.asarray(face, np.uint8)[None]


def test_empty_sets_have_no_duplicates() -> None:
    empty = face_set(np.zeros((0, 64, 64), np.uint8))

    assert find_held_out_duplicates(empty, draw_images(3)) == []
    assert find_held_out_duplicates(face_set(with_context(3)), np.zeros((0, 48, 48), np.uint8)) == []
    assert len(deduplicate(empty).faces) == 0


@pytest.mark.parametrize("scale", [0.85, 0.93, 1.0, 1.08, 1.18])
@pytest.mark.parametrize("mirrored", [False, True])
def test_tighter_or_wider_copy_is_a_duplicate(scale: float, mirrored: bool, astronaut_path: Path) -> None:
    faces = face_set(np.concatenate([with_context(5), astronaut(astronaut_path, 128, side=64)]))
    copy = astronaut(astronaut_path, 96 * scale, side=48, shift=1.0)
    held_out = np.concatenate([draw_images(5, seed=1), copy[:, :, ::-1] if mirrored else copy])

    (duplicate,) = find_held_out_duplicates(faces, held_out)

    assert (duplicate.face, duplicate.held_out, duplicate.exact, duplicate.mirrored) == (5, 5, False, mirrored)
    assert duplicate.correlation >= 0.8
    assert duplicate.window == pytest.approx(48 * scale, abs=3)


def test_equal_pixels_are_exact_duplicates_even_without_detail() -> None:
    faces = face_set(np.concatenate([with_context(2), np.full((1, 64, 64), 7, np.uint8)]))

    duplicates = find_held_out_duplicates(faces, faces.central[[2, 1, 1]])

    assert [(found.face, found.held_out, found.exact) for found in duplicates] == [(1, 1, True), (2, 0, True)]


def test_most_trusted_duplicate_is_kept() -> None:
    images = with_context(3)[[0, 1, 0, 2, 0]]

    deduplicated = deduplicate(face_set(images, [3, 4, 3, 5, UNLABELED], [0.5, 0.5, 0.9, 0.5, 0.0]))

    assert deduplicated.faces.ids == ("1", "2", "3")
    assert deduplicated.faces.labels.tolist() == [4, 3, 5]
    assert deduplicated.dropped == [(0, 2), (4, 2)]
    assert deduplicated.conflicts == []


def test_conflicting_labels_are_removed() -> None:
    brighter = with_context(2)[[0, 0, 1]]
    brighter[1] += 5

    deduplicated = deduplicate(face_set(brighter, [3, 4, 4]))

    assert deduplicated.faces.ids == ("0", "2")
    assert deduplicated.faces.labels.tolist() == [UNLABELED, 4]
    assert deduplicated.faces.trust.tolist() == [0.0, 0.5]
    assert (deduplicated.dropped, deduplicated.conflicts) == ([(1, 0)], [0])
