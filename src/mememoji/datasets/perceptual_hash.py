"""pHash, a perceptual hash: 64 bits, one for each low frequency of the discrete cosine transform.

A bit is set if the coefficient of its frequency is above the median of all 64 (Zauner, "Implementation and Benchmarking
of Perceptual Image Hash Functions", 2010, section 3.2.1). The hash is robust to brightness, contrast and small changes.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.types import UInt8Array

_NUM_FREQUENCIES: Final = 8
_CHUNK_SIZE: Final = 4096


def compute_perceptual_hashes(images: UInt8Array) -> npt.NDArray[np.uint64]:
    """Compute the perceptual hashes (pHash) of images.

    Args:
        images: (N, 48, 48) uint8, gray.

    Returns:
        (N,) uint64. `gray * gain + offset` has the same hash unless it is clipped at 0 or 255; a mirrored image has
        another one.
    """
    positions = np.arange(CROP_SIZE)
    frequencies = np.arange(1, _NUM_FREQUENCIES + 1)[:, None]
    waves = np.cos(np.pi * (2 * positions + 1) * frequencies / (2 * CROP_SIZE)).astype(np.float32)
    hashes = np.empty(len(images), np.uint64)
    for start in range(0, len(images), _CHUNK_SIZE):
        block = images[start : start + _CHUNK_SIZE].astype(np.float32)
        coefficients = (waves @ block @ waves.T).reshape(-1, _NUM_FREQUENCIES**2)  # (n, 64)
        bits = coefficients > np.median(coefficients, axis=1, keepdims=True)
        hashes[start : start + _CHUNK_SIZE] = np.packbits(bits, axis=1).view(np.uint64).reshape(-1)  # (n,)
    return hashes


def hamming_distance(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> UInt8Array:
    """Count the bits in which hashes differ, with broadcasting.

    Example:
        >>> import numpy as np
        >>> hamming_distance(np.array([0b1010], np.uint64), np.array([0b0010], np.uint64)).tolist()
        [1]
    """
    values = left ^ right
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(values), np.uint8)
    # numpy before 2.0 has no `bitwise_count`.
    table = np.array([value.bit_count() for value in range(1 << 16)], np.uint8)
    return np.asarray(table[values[..., None].view(np.uint16)].sum(axis=-1, dtype=np.uint8))
