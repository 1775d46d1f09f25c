from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mememoji.datasets.perceptual_hash import compute_perceptual_hashes, hamming_distance


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), gain=st.sampled_from([0.5, 1, 2]), offset=st.integers(0, 50))
def test_hash_is_invariant_to_gain_and_offset(seed: int, gain: float, offset: int) -> None:
    # Even and low gray levels, so that gain and offset neither round nor clip.
    image = np.random.default_rng(seed).integers(0, 50, (1, 48, 48)).astype(np.uint8) * 2
    changed = (image * gain + offset).astype(np.uint8)

    (distance,) = hamming_distance(compute_perceptual_hashes(image), compute_perceptual_hashes(changed))

    # Coefficients equal to the median may be on either side of it.
    assert distance <= 2


def test_hash_differs_for_the_mirror_image(make_images: Any) -> None:
    images = make_images(20)

    distances = hamming_distance(compute_perceptual_hashes(images), compute_perceptual_hashes(images[:, :, ::-1]))

    assert distances.min() > 14


def test_hamming_distance_counts_differing_bits() -> None:
    left, right = np.array([0, 2**64 - 1], np.uint64), np.array([0, 1, 2**63 + 1], np.uint64)

    assert hamming_distance(left[:, None], right).tolist() == [[0, 1, 2], [64, 63, 62]]
