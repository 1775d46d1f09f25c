from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mememoji.datasets.duplicates import Duplicates, find_duplicates, find_matches, perceptual_hashes


def two_crops(photograph: Path, shift: int) -> Any:
    """(2, 48, 48) uint8: a face and the same one cropped `shift` pixels to the right and below, a little darker."""
    with Image.open(photograph) as picture:
        face = picture.convert("L").resize((205, 205), box=(0, 0, 512, 512), resample=Image.Resampling.BOX)
    gray = np.asarray(face)
    left, top = 66, 24
    first, second = gray[top : top + 48, left : left + 48], gray[top + shift :, left + shift :][:48, :48]
    return np.stack([first, (second * 0.9).astype(np.uint8)])


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one_have_no_duplicates(count: int, pictures: Any) -> None:
    found = find_duplicates(pictures(count))

    assert found.identical.tolist() == list(range(count))
    assert found.pairs.shape == (0, 2)
    assert found.leaks(np.zeros(count, np.bool_)) == []


def test_different_pictures_are_none(pictures: Any) -> None:
    found = find_duplicates(pictures(300))

    assert len(found.pairs) == 0
    assert found.identical.tolist() == list(range(300))


def test_equal_pixels_are_exact_duplicates(pictures: Any) -> None:
    images = pictures(4)[[0, 1, 0, 2, 0, 2]]

    found = find_duplicates(images)

    assert found.identical.tolist() == [0, 1, 0, 3, 0, 3]
    assert len(found.pairs) == 0


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_photograph_cropped_twice_is_a_near_duplicate(shift: int, astronaut_path: Path) -> None:
    found = find_duplicates(two_crops(astronaut_path, shift))

    assert found.pairs.tolist() == [[0, 1]]
    assert found.mirrored.tolist() == [False]
    assert 0.8 <= found.correlation[0] <= 1.0


def test_another_part_of_the_photograph_is_another_crop(astronaut_path: Path) -> None:
    assert len(find_duplicates(two_crops(astronaut_path, 9)).pairs) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), gain=st.floats(0.6, 1.2), offset=st.integers(-20, 15), mirrored=st.booleans())
def test_brightness_contrast_and_mirror_are_seen_through(seed: int, gain: float, offset: int, mirrored: bool) -> None:
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


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), gain=st.sampled_from([0.5, 1, 2]), offset=st.integers(0, 50))
def test_the_hash_is_proof_against_gain_and_offset(seed: int, gain: float, offset: int) -> None:
    # Even and low gray levels, so that the change below neither rounds nor cuts.
    image = np.random.default_rng(seed).integers(0, 50, (1, 48, 48)).astype(np.uint8) * 2
    changed = (image * gain + offset).astype(np.uint8)

    apart = int(perceptual_hashes(image)[0] ^ perceptual_hashes(changed)[0]).bit_count()

    # Frequencies that lie on the median may fall on either side of it.
    assert apart <= 2


def test_the_hash_tells_a_picture_from_its_mirror_image(pictures: Any) -> None:
    images = pictures(20)

    apart = [int(bits).bit_count() for bits in perceptual_hashes(images) ^ perceptual_hashes(images[:, :, ::-1])]

    assert min(apart) > 14


def test_pictures_of_one_gray_level_have_exact_duplicates_only() -> None:
    images = np.stack([np.full((48, 48), level, np.uint8) for level in (0, 255, 0, 7)])

    found = find_duplicates(images)

    assert found.identical.tolist() == [0, 1, 0, 3]
    assert len(found.pairs) == 0


def duplicates(identical: list[int], pairs: list[tuple[int, int, float]]) -> Duplicates:
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
        # The copy of an image is near to what the image is near to.
        ([0, 1, 0], [(0, 1, 0.9)], [0, 1, 0], [(0, 1, False), (2, 1, False)]),
        # And near to the copy of what it is near to.
        ([0, 1, 1], [(0, 1, 0.9)], [0, 0, 1], [(0, 2, False), (1, 2, True)]),
        # The best of several, and an exact one before a better number.
        ([0, 1, 2], [(0, 1, 0.85), (0, 2, 0.95)], [0, 1, 1], [(0, 2, False)]),
        ([0, 1, 0], [(0, 1, 0.99)], [0, 1, 1], [(0, 2, True)]),
    ],
)
def test_leaks_name_the_held_out_twin(
    identical: list[int], pairs: list[Any], held_out: list[int], expected: list[Any]
) -> None:
    leaks = duplicates(identical, pairs).leaks(np.array(held_out, np.bool_))

    assert [(leak.picture, leak.twin, leak.exact) for leak in leaks] == expected


def test_twins_are_counted_by_group_and_kind() -> None:
    # 0 and 1 are equal, 2 is near to them, 3 is alone; 0 and 2 are of group 0, 1 and 3 of group 1.
    twins = duplicates([0, 0, 2, 3], [(0, 2, 0.9)]).twins(np.array([0, 1, 0, 1]), 2)

    assert twins[..., 0].tolist() == [[0, 1], [1, 0]]
    assert twins[..., 1].tolist() == [[2, 1], [0, 0]]


def test_find_matches_pairs_two_datasets(astronaut_path: Path, pictures: Any) -> None:
    first, second = two_crops(astronaut_path, 1)

    matches = find_matches(np.stack([*pictures(3), first]), np.stack([second, *pictures(2, seed=1)[:, :, ::-1], first]))

    assert sorted((match.image, match.twin, match.mirrored) for match in matches) == [(3, 0, False), (3, 3, False)]
    assert max(match.correlation for match in matches) == pytest.approx(1.0)


@pytest.mark.parametrize(("count", "others"), [(0, 0), (0, 3), (3, 0)])
def test_find_matches_of_empty_datasets_is_empty(count: int, others: int, pictures: Any) -> None:
    assert find_matches(pictures(count), pictures(others)) == []
