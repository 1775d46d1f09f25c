"""Duplicate search: exact and near duplicates, plain and mirrored.

A perceptual hash proposes pairs, and a pixel comparison confirms them: to the hash, two portraits with the same light
and pose are as close as two crops of one image. Fine detail distinguishes them: pixels are compared after a band-pass
filter, which keeps lines and edges and removes shading, at the best of small shifts.

The thresholds were chosen on FER2013's 32,298 images of Training and PublicTest, by inspecting pairs sorted by the
correlation of their detail. Of 72 random plain pairs with a correlation from 0.80 on and hashes up to 20 bits apart, 71
show one image, in two crops or with a different watermark or contrast; from 0.74 to 0.80 one in four shows different
people. True mirrored pairs are rare, so accidental ones weigh more: from 0.80 to 0.85 half of them show different
people, while all 54 from 0.85 on show one image. So the thresholds are 0.80 for plain and 0.85 for mirrored pairs.
Hash and grid speed up the search at a small cost: of the 1,434 pairs found by comparing all pairs of Training and
PublicTest whose grids correlate by 0.80, 98 % have hashes within 20 bits (88 % within 14).
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.perceptual_hash import compute_perceptual_hashes, hamming_distance
from mememoji.progress import track_progress
from mememoji.types import BoolArray, Float32Array, Int32Array, Int64Array, UInt8Array

MAX_HASH_DISTANCE: Final = 20
"""The maximum number of bits out of 64 in which the hashes of a pair may differ."""

MIN_CORRELATION: Final = 0.80
"""The minimum correlation of the detail of a plain pair."""

MIN_CORRELATION_MIRRORED: Final = 0.85
"""The same for a mirrored pair."""

MAX_SHIFT: Final = 3
"""The maximum shift in pixels, in x and y, of one image against the other. The hash tolerates about 2 in each."""

MAX_CROSS_SHIFT: Final = 5
"""The same in `find_cross_duplicates`: datasets center their crops differently."""

_CHUNK_SIZE = 256
_FINE_SIGMA, _COARSE_SIGMA = 0.8, 4.0
_GRID_SIZE, _MIN_GRID_CORRELATION = 12, 0.82
# An image of one gray level has no detail to compare, only rounding errors.
_MIN_DEVIATION = 1.0


class Leak(NamedTuple):
    """An image that is a duplicate of a held-out one.

    Attributes:
        image: The index of the image.
        held_out: The index of the most similar held-out image.
        exact: Whether all pixels are equal.
        mirrored: Whether one is the mirror image of the other.
        correlation: The correlation of their detail, 1.0 for an exact duplicate.
    """

    image: int
    held_out: int
    exact: bool
    mirrored: bool
    correlation: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The duplicates among N images.

    Attributes:
        identical: (N,) int32, for each image the index of the first one with the same pixels, possibly its own.
        pairs: (M, 2) int32, near duplicates, each pair once with the smaller index first; both are firsts of
            `identical`.
        mirrored: (M,) bool, whether the second is the mirror image of the first.
        distance: (M,) uint8, the number of bits in which the hashes differ.
        correlation: (M,) float32, the correlation of the detail at the best shift.
    """

    identical: Int32Array
    pairs: Int32Array
    mirrored: BoolArray
    distance: UInt8Array
    correlation: Float32Array

    def find_leaks(self, held_out: BoolArray) -> list[Leak]:
        """Find the images that are duplicates of a held-out one, preferring an exact duplicate to a near one.

        Args:
            held_out: (N,) bool, which images are held out.
        """
        first_held = {int(self.identical[index]): int(index) for index in np.flatnonzero(held_out)[::-1]}
        nearest: dict[int, tuple[int, int]] = {}
        for pair in np.argsort(self.correlation):
            one, other = (int(index) for index in self.pairs[pair])
            for first, second in ((one, other), (other, one)):
                if second in first_held:
                    nearest[first] = first_held[second], int(pair)
        leaks = []
        for index in np.flatnonzero(~held_out):
            first = int(self.identical[index])
            if first in first_held:
                leaks.append(Leak(int(index), first_held[first], exact=True, mirrored=False, correlation=1.0))
            elif first in nearest:
                held, pair = nearest[first]
                mirrored, correlation = bool(self.mirrored[pair]), float(self.correlation[pair])
                leaks.append(Leak(int(index), held, exact=False, mirrored=mirrored, correlation=correlation))
        return leaks

    def count_by_group(self, groups: npt.NDArray[np.integer], num_groups: int) -> Int64Array:
        """Count the images of each group that have a duplicate in each group.

        Args:
            groups: (N,) the group of each image, 0 to `num_groups` - 1.
            num_groups: The number of groups.

        Returns:
            (num_groups, num_groups, 2) int64, [group, group of the duplicate, exact or near]; an image with an exact
            duplicate in a group does not count as one with a near duplicate there.
        """
        members = np.zeros((len(groups), num_groups), np.int64)
        np.add.at(members, (self.identical, groups), 1)
        near = np.zeros_like(members)
        np.add.at(near, self.pairs[:, 0], members[self.pairs[:, 1]])
        np.add.at(near, self.pairs[:, 1], members[self.pairs[:, 0]])
        own = np.eye(num_groups, dtype=np.int64)[groups]
        has_exact = members[self.identical] - own > 0
        has_near = (near[self.identical] > 0) & ~has_exact
        result = np.zeros((num_groups, num_groups, 2), np.int64)
        for kind, has in enumerate((has_exact, has_near)):
            np.add.at(result[..., kind], groups, has)
        return result


class CrossDuplicate(NamedTuple):
    """A near-duplicate pair across two datasets.

    Attributes:
        image: The index of the image in the first dataset.
        other: The index of the image in the second dataset.
        mirrored: Whether one is the mirror image of the other.
        correlation: The correlation of their detail at the best shift.
    """

    image: int
    other: int
    mirrored: bool
    correlation: float


def find_duplicates(images: UInt8Array, *, progress: bool = False) -> Duplicates:
    """Find exact and near duplicates.

    All pairs are compared, in chunks: 35,887 images take seconds, with under 400 MB of additional memory. Images of one
    gray level have exact duplicates only.

    Args:
        images: (N, 48, 48) uint8, gray.
        progress: Whether to show progress on stderr.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((3, 48, 48), np.uint8)
        >>> images[1] = 255
        >>> find_duplicates(images).identical.tolist()
        [0, 1, 0]
    """
    identical = _find_identical(images)
    deviation = np.array([image.std() for image in images])
    candidates = np.flatnonzero((identical == np.arange(len(images))) & (deviation >= _MIN_DEVIATION))
    unique = images[candidates]
    hashes, grids = compute_perceptual_hashes(unique), _compute_unit_grids(unique)
    passes = track_progress((False, True), "finding duplicates", "passes", is_shown=progress)
    results = []
    for mirrored_pass in passes:
        # Flip the first image of each pair; `_confirm` flips the same one.
        flipped = unique[:, :, ::-1] if mirrored_pass else unique
        pairs, distance = _propose(compute_perceptual_hashes(flipped), hashes, _compute_unit_grids(flipped), grids)
        same, correlation = _confirm(unique, pairs, mirrored=mirrored_pass)
        results.append((pairs[same], distance[same], correlation[same], np.full(int(same.sum()), mirrored_pass)))
    pairs, distance, correlation, mirrored = (np.concatenate(columns) for columns in zip(*results, strict=True))
    # A symmetric face matches plain and mirrored; keep the better one of the two.
    order = np.lexsort((-correlation, pairs[:, 1], pairs[:, 0]))
    _, kept = np.unique(pairs[order], axis=0, return_index=True)
    order = order[kept]
    return Duplicates(
        identical, candidates[pairs[order]].astype(np.int32), mirrored[order], distance[order], correlation[order]
    )


def find_cross_duplicates(images: UInt8Array, others: UInt8Array) -> list[CrossDuplicate]:
    """Find near duplicates between two datasets.

    Grids alone propose the pairs, since they tolerate greater shifts than hashes.

    Args:
        images: (N, 48, 48) uint8, gray.
        others: (M, 48, 48) uint8, gray.

    Returns:
        The pairs whose detail correlates, by the thresholds of `find_duplicates`; plain and mirrored ones are separate
        pairs. Exact duplicates are included; images of one gray level have none.
    """
    both = np.concatenate([images, others])
    has_detail = np.array([image.std() >= _MIN_DEVIATION for image in both], np.bool_)
    right = _compute_unit_grids(others)
    duplicates: list[CrossDuplicate] = []
    for mirrored in (False, True):
        left = _compute_unit_grids(images[:, :, ::-1] if mirrored else images)
        for start in range(0, len(left), _CHUNK_SIZE):
            grid_correlation = left[start : start + _CHUNK_SIZE] @ right.T
            pairs = np.argwhere(grid_correlation >= _MIN_GRID_CORRELATION) + np.array([start, len(images)])  # (M, 2)
            pairs = pairs[has_detail[pairs].all(axis=1)]
            same, correlation = _confirm(both, pairs, mirrored=mirrored, max_shift=MAX_CROSS_SHIFT)
            for (one, other), value in zip(pairs[same].tolist(), correlation[same].tolist(), strict=True):
                duplicates.append(CrossDuplicate(one, other - len(images), mirrored, value))
    return duplicates


def _find_identical(images: UInt8Array) -> Int32Array:
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(image.tobytes(), index) for index, image in enumerate(images)], np.int32)


def _propose(
    left: npt.NDArray[np.uint64],
    right: npt.NDArray[np.uint64],
    left_grids: Float32Array,
    right_grids: Float32Array,
) -> tuple[Int64Array, UInt8Array]:
    """Return index pairs (M, 2), first < second, with close hashes and correlated grids, and their distances (M,)."""
    pairs, distances = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.uint8)]
    for start in range(0, len(left), _CHUNK_SIZE):
        distance = hamming_distance(left[start : start + _CHUNK_SIZE, None], right[None, start:])
        one, other = np.divmod(np.flatnonzero(distance <= MAX_HASH_DISTANCE), distance.shape[1])
        is_ordered = other > one
        one, other = one[is_ordered], other[is_ordered]
        grid_correlation = np.einsum("ij,ij->i", left_grids[one + start], right_grids[other + start])
        is_similar = grid_correlation >= _MIN_GRID_CORRELATION
        one, other = one[is_similar], other[is_similar]
        pairs.append(np.stack([one, other], axis=1) + start)
        distances.append(distance[one, other])
    return np.concatenate(pairs), np.concatenate(distances)


def _confirm(
    images: UInt8Array, pairs: Int64Array, *, mirrored: bool, max_shift: int = MAX_SHIFT
) -> tuple[BoolArray, Float32Array]:
    """Return whether the detail of each of M pairs correlates enough (M,), and the correlation (M,)."""
    detail = {index: _extract_detail(images[index]) for index in np.unique(pairs)}
    values = (_correlate(detail[a], detail[b], max_shift, mirrored=mirrored) for a, b in pairs)
    correlation = np.fromiter(values, np.float32, len(pairs))
    return correlation >= (MIN_CORRELATION_MIRRORED if mirrored else MIN_CORRELATION), correlation


def _compute_unit_grids(images: UInt8Array) -> Float32Array:
    """Return (N, 144) float32: the means of each image on a 12x12 grid, centered and of length 1."""
    cell = CROP_SIZE // _GRID_SIZE
    cells = images.reshape(len(images), _GRID_SIZE, cell, _GRID_SIZE, cell)  # (N, 12, 4, 12, 4)
    grid: Float32Array = cells.mean(axis=(2, 4), dtype=np.float32).reshape(-1, _GRID_SIZE**2)  # (N, 144)
    grid -= grid.mean(axis=1, keepdims=True)
    grid /= np.maximum(np.linalg.norm(grid, axis=1, keepdims=True), 1e-6)
    return grid


def _extract_detail(image: UInt8Array) -> Float32Array:
    gray = image.astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(gray, (0, 0), sigma) for sigma in (_FINE_SIGMA, _COARSE_SIGMA))
    return np.asarray(fine - coarse, np.float32)


def _correlate(one: Float32Array, other: Float32Array, max_shift: int, *, mirrored: bool) -> float:
    center = (one[:, ::-1] if mirrored else one)[max_shift:-max_shift, max_shift:-max_shift]
    correlation = cv2.matchTemplate(other, np.ascontiguousarray(center), cv2.TM_CCOEFF_NORMED)
    return min(float(correlation.max()), 1.0)
