from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mememoji.datasets.duplicates import Duplicates, find_cross_duplicates, find_duplicates


def crop_twice(path: Path, shift: int) -> Any:
    """Return (2, 48, 48) uint8: two crops of a face, the second shifted by `shift` pixels in x and y and darker."""
    with Image.open(path) as image:
        face = image.convert("L").resize((205, 205), box=(0, 0, 512, 512), resample=Image.Resampling.BOX)
    gray = np.asarray(face)
    left, top = 66, 24
    first, second = gray[top : top + 48, left : left + 48], gray[top + shift :, left + shift :][:48, :48]
    return np.stack([first, (second * 0.9).astype(np.uint8)])


@pytest.mark.parametrize("count", [0, 1])
def test_no_or_one_image_has_no_duplicates(count: int, make_images: Any) -> None:
    found = find_duplicates(make_images(count))

    assert found.identical.tolist() == list(range(count))
    assert found.pairs.shape == (0, 2)
    assert found.find_leaks(np.zeros(count, np.bool_)) == []


def test_different_images_are_not_duplicates(make_images: Any) -> None:
    found = find_duplicates(make_images(300))

    assert len(found.pairs) == 0
    assert found.identical.tolist() == list(range(300))


def test_equal_pixels_are_exact_duplicates(make_images: Any) -> None:
    images = make_images(4)[[0, 1, 0, 2, 0, 2]]

    found = find_duplicates(images)

    assert found.identical.tolist() == [0, 1, 0, 3, 0, 3]
    assert len(found.pairs) == 0


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_two_crops_of_one_image_are_near_duplicates(shift: int, astronaut_path: Path) -> None:
    found = find_duplicates(crop_twice(astronaut_path, shift))

    assert found.pairs.tolist() == [[0, 1]]
    assert found.mirrored.tolist() == [False]
    assert 0.8 <= found.correlation[0] <= 1.0


def test_distant_crops_of_one_image_are_not_duplicates(astronaut_path: Path) -> None:
    assert len(find_duplicates(crop_twice(astronaut_path, 9)).pairs) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), gain=st.floats(0.6, 1.2), offset=st.integers(-20, 15), mirrored=st.booleans())
def test_duplicates_are_found_despite_brightness_contrast_and_mirroring(
    seed: int, gain: float, offset: int, mirrored: bool
) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 200, (12, 12))
    image = cv2.resize(coarse, (48, 48), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    changed = (image * gain + offset).clip(0, 255).astype(np.uint8)
    if mirrored:
        changed = changed[:, ::-1]

    found = find_duplicates(np.stack([image, changed]))

    if np.array_equal(image, changed):
        assert found.identical.tolist() == [0, 0]
    else:
        assert found.pairs.tolist() == [[0, 1]]
        assert found.mirrored.tolist() == [mirrored]
        assert found.correlation[0] > 0.95


def test_images_of_one_gray_level_have_exact_duplicates_only() -> None:
    images = np.stack([np.full((48, 48), level, np.uint8) for level in (0, 255, 0, 7)])

    found = find_duplicates(images)

    assert found.identical.tolist() == [0, 1, 0, 3]
    assert len(found.pairs) == 0


def make_duplicates(identical: list[int], pairs: list[tuple[int, int, float]]) -> Duplicates:
    return Duplicates(
        np.array(identical, np.int32),
        np.array([pair[:2] for pair in pairs], np.int32).reshape(-1, 2),
        np.zeros(len(pairs), np.bool_),
        np.zeros(len(pairs), np.uint8),
        np.array([pair[2] for pair in pairs], np.float32),
    )


@pytest.mark.parametrize(
    ("identical", "pairs", "held_out", "expected"),
    [
        ([], [], [], []),
        ([0, 1], [], [0, 1], []),
        ([0, 0], [], [0, 1], [(0, 1, True)]),
        ([0, 0], [], [1, 0], [(1, 0, True)]),
        ([0, 0], [], [0, 0], []),
        ([0, 0], [], [1, 1], []),
        ([0, 1], [(0, 1, 0.9)], [0, 1], [(0, 1, False)]),
        # A copy of an image has the near duplicates of the image.
        ([0, 1, 0], [(0, 1, 0.9)], [0, 1, 0], [(0, 1, False), (2, 1, False)]),
        # And the copies of these as near duplicates.
        ([0, 1, 1], [(0, 1, 0.9)], [0, 0, 1], [(0, 2, False), (1, 2, True)]),
        # The best of several, and an exact one before a near one.
        ([0, 1, 2], [(0, 1, 0.85), (0, 2, 0.95)], [0, 1, 1], [(0, 2, False)]),
        ([0, 1, 0], [(0, 1, 0.99)], [0, 1, 1], [(0, 2, True)]),
    ],
)
def test_leaks_are_the_best_held_out_duplicates(
    identical: list[int], pairs: list[Any], held_out: list[int], expected: list[Any]
) -> None:
    leaks = make_duplicates(identical, pairs).find_leaks(np.array(held_out, np.bool_))

    assert [(leak.image, leak.held_out, leak.exact) for leak in leaks] == expected


def test_duplicates_are_counted_by_group_and_kind() -> None:
    # 0 and 1 are equal, 2 is a near duplicate of them, 3 has none; 0 and 2 are of group 0, 1 and 3 of group 1.
    counts = make_duplicates([0, 0, 2, 3], [(0, 2, 0.9)]).count_by_group(np.array([0, 1, 0, 1]), 2)

    assert counts[..., 0].tolist() == [[0, 1], [1, 0]]
    assert counts[..., 1].tolist() == [[2, 1], [0, 0]]


def test_cross_duplicates_of_two_datasets(astronaut_path: Path, make_images: Any) -> None:
    first, second = crop_twice(astronaut_path, 1)

    images = np.stack([*make_images(3), first])
    others = np.stack([second, *make_images(2, seed=1)[:, :, ::-1], first])

    found = find_cross_duplicates(images, others)

    assert sorted((pair.image, pair.other, pair.mirrored) for pair in found) == [(3, 0, False), (3, 3, False)]
    assert max(pair.correlation for pair in found) == pytest.approx(1.0)


@pytest.mark.parametrize(("count", "others"), [(0, 0), (0, 3), (3, 0)])
def test_cross_duplicates_of_empty_datasets_are_empty(count: int, others: int, make_images: Any) -> None:
    assert find_cross_duplicates(make_images(count), make_images(others)) == []
