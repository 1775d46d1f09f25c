"""The same image twice: exact and near duplicates, plain and mirrored.

A perceptual hash proposes pairs, a pixel check decides. The hash is pHash: 64 bits, each saying whether one of the
low frequencies of the discrete cosine transform lies over their median (Zauner, "Implementation and Benchmarking of
Perceptual Image Hash Functions", 2010, section 3.2.1). It is proof against brightness, contrast and small changes, but
two portraits with the same light and pose come as near as an image that was cropped twice. What tells them apart
is fine detail: pixels are compared after a band-pass, which leaves lines and edges and drops light and
shade, at the best of small shifts.

How the thresholds were chosen, on FER2013's 32,298 images of Training and PublicTest: pairs were sorted by how far
their detail agrees, and looked at. Of 72 plain pairs from 0.80 up, drawn at random, with hashes up to 20 bits apart, 71
are one image, cropped twice or with another watermark or contrast; from 0.74 to 0.80 one in four shows somebody
else. Mirrored pairs are rarely real, so chance weighs more: from 0.80 to 0.85 half of them show two people, while
all 54 from 0.85 up are one image. So plain pairs count from 0.80 and mirrored ones from 0.85.
Hash and grid are there for speed, and cost a little: comparing all pairs of Training and PublicTest whose grids agree
to 0.80 finds 1,434 that count, and 98 % of them have hashes within 20 bits (88 % within 14).
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from mememoji.datasets.splits import SIDE

MAX_DISTANCE: Final = 20
"""Bits out of 64 in which the hashes of a pair may differ."""

MIN_CORRELATION: Final = 0.80
"""How far the detail of a plain pair must agree, as a correlation."""

MIN_CORRELATION_MIRRORED: Final = 0.85
"""The same for a mirrored pair."""

MAX_SHIFT: Final = 3
"""Pixels, across and down, by which the check slides one image over the other. The hash bears about 2 both ways."""

MATCH_SHIFT: Final = 5
"""The same in `find_matches`: datasets center their crops differently."""

_FREQUENCIES = 8
_CHUNK = 256
_FINE, _COARSE = 0.8, 4.0
_GRID, _MIN_GRID_CORRELATION = 12, 0.82
# An image of one gray level has no detail to compare: noise of the arithmetic would be taken for it.
_MIN_DEVIATION = 1.0

Images = npt.NDArray[np.uint8]
Detail = npt.NDArray[np.float32]


class Leak(NamedTuple):
    """An image that shows the same image as a held-out one.

    Attributes:
        image: its index.
        twin: the index of the held-out image it is most like.
        exact: all pixels are equal.
        mirrored: one is the other seen in a mirror.
        correlation: of their detail, 1.0 for an exact one.
    """

    picture: int
    twin: int
    exact: bool
    mirrored: bool
    correlation: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Which of N images show the same image.

    Attributes:
        identical: (N,) int32, for each image the first one that has the same pixels; itself where it is the first.
        pairs: (M, 2) int32, near duplicates, each pair once, the smaller index first; both are firsts of `identical`.
        mirrored: (M,) bool, the second is the first seen in a mirror.
        distance: (M,) uint8, bits in which the hashes differ.
        correlation: (M,) float32, of the detail at the best shift.
    """

    identical: npt.NDArray[np.int32]
    pairs: npt.NDArray[np.int32]
    mirrored: npt.NDArray[np.bool_]
    distance: npt.NDArray[np.uint8]
    correlation: npt.NDArray[np.float32]

    def leaks(self, held_out: npt.NDArray[np.bool_]) -> list[Leak]:
        """The images that are not held out and have a twin that is; an exact twin goes before a near one.

        Args:
            held_out: (N,) bool.
        """
        first_held = {int(self.identical[index]): int(index) for index in np.flatnonzero(held_out)[::-1]}
        nearest: dict[int, tuple[int, int]] = {}
        for pair in np.argsort(self.correlation):
            one, other = (int(index) for index in self.pairs[pair])
            for first, twin in ((one, other), (other, one)):
                if twin in first_held:
                    nearest[first] = first_held[twin], int(pair)
        leaks = []
        for index in np.flatnonzero(~held_out):
            first = int(self.identical[index])
            if first in first_held:
                leaks.append(Leak(int(index), first_held[first], exact=True, mirrored=False, correlation=1.0))
            elif first in nearest:
                twin, pair = nearest[first]
                mirrored, correlation = bool(self.mirrored[pair]), float(self.correlation[pair])
                leaks.append(Leak(int(index), twin, exact=False, mirrored=mirrored, correlation=correlation))
        return leaks

    def twins(self, groups: npt.NDArray[np.integer], count: int) -> npt.NDArray[np.int64]:
        """How many images of each group have a twin in each group.

        Args:
            groups: (N,) each image's group, 0 to `count` - 1.
            count: how many groups there are.

        Returns:
            (count, count, 2) int64, [group, group of the twin, exact or near]; an image with an exact twin in a
            group does not count as one with a near twin there.
        """
        members = np.zeros((len(groups), count), np.int64)
        np.add.at(members, (self.identical, groups), 1)
        near = np.zeros_like(members)
        np.add.at(near, self.pairs[:, 0], members[self.pairs[:, 1]])
        np.add.at(near, self.pairs[:, 1], members[self.pairs[:, 0]])
        own = np.eye(count, dtype=np.int64)[groups]
        has_exact = members[self.identical] - own > 0
        has_near = (near[self.identical] > 0) & ~has_exact
        result = np.zeros((count, count, 2), np.int64)
        for kind, has in enumerate((has_exact, has_near)):
            np.add.at(result[..., kind], groups, has)
        return result


class Match(NamedTuple):
    """An image that shows the same image as one of another dataset.

    Attributes:
        image: its index.
        twin: the index of the other one.
        mirrored: one is the other seen in a mirror.
        correlation: the correlation of their detail at the best shift.
    """

    image: int
    twin: int
    mirrored: bool
    correlation: float


def find_duplicates(images: Images, *, progress: bool = False) -> Duplicates:
    """Find the images that show the same image.

    Every pair is compared, in chunks: 35,887 images take seconds, and memory beyond the images stays under
    400 MB. Images of one gray level have exact duplicates only.

    Args:
        images: (N, 48, 48) uint8, gray.
        progress: draw a progress bar on standard error, if that is a terminal.
    """
    identical = _identical(images)
    deviation = np.array([image.std() for image in images])
    candidates = np.flatnonzero((identical == np.arange(len(images))) & (deviation >= _MIN_DEVIATION))
    unique = images[candidates]
    hashes, grids = perceptual_hashes(unique), _unit_grids(unique)
    sides = tqdm((False, True), desc="finding duplicates", leave=False, disable=None if progress else True)
    parts = []
    for flip in sides:
        # One image of a pair is turned, the other is not; the check turns the same one.
        turned = unique[:, :, ::-1] if flip else unique
        pairs, distance = _propose(perceptual_hashes(turned), hashes, _unit_grids(turned), grids)
        same, correlation = _confirm(unique, pairs, mirrored=flip)
        parts.append((pairs[same], distance[same], correlation[same], np.full(int(same.sum()), flip)))
    pairs, distance, correlation, mirrored = (np.concatenate(part) for part in zip(*parts, strict=True))
    # A face that is its own mirror image agrees both ways and is one pair all the same.
    order = np.lexsort((-correlation, pairs[:, 1], pairs[:, 0]))
    _, kept = np.unique(pairs[order], axis=0, return_index=True)
    order = order[kept]
    return Duplicates(
        identical, candidates[pairs[order]].astype(np.int32), mirrored[order], distance[order], correlation[order]
    )


def find_matches(images: Images, others: Images) -> list[Match]:
    """Find near duplicates between two datasets; grids alone propose, as they bear greater shifts than hashes.

    Args:
        images: (N, 48, 48) uint8, gray.
        others: (M, 48, 48) uint8, gray.

    Returns:
        Pairs whose detail agrees, by the thresholds of `find_duplicates`; plain and mirrored ones are separate pairs.
        Equal pixels are near pairs too; images of one gray level have none.
    """
    both = np.concatenate([images, others])
    has_detail = np.array([image.std() >= _MIN_DEVIATION for image in both], np.bool_)
    right = _unit_grids(others)
    matches: list[Match] = []
    for flip in (False, True):
        left = _unit_grids(images[:, :, ::-1] if flip else images)
        for start in range(0, len(left), _CHUNK):
            agreement = left[start : start + _CHUNK] @ right.T
            pairs = np.argwhere(agreement >= _MIN_GRID_CORRELATION) + np.array([start, len(images)])  # (M, 2)
            pairs = pairs[has_detail[pairs].all(axis=1)]
            same, correlation = _confirm(both, pairs, mirrored=flip, max_shift=MATCH_SHIFT)
            for (one, other), how_far in zip(pairs[same].tolist(), correlation[same].tolist(), strict=True):
                matches.append(Match(one, other - len(images), flip, how_far))
    return matches


def perceptual_hashes(images: Images) -> npt.NDArray[np.uint64]:
    """Hash images by what they look like: pHash.

    Args:
        images: (N, 48, 48) uint8, gray.

    Returns:
        (N,) uint64. `gray * gain + offset` has the same hash while nothing is cut off at 0 or 255; a mirrored
        image has another one.
    """
    steps = np.arange(SIDE)
    frequencies = np.arange(1, _FREQUENCIES + 1)[:, None]
    waves = np.cos(np.pi * (2 * steps + 1) * frequencies / (2 * SIDE)).astype(np.float32)
    hashes = np.empty(len(images), np.uint64)
    for start in range(0, len(images), 4096):
        block = images[start : start + 4096].astype(np.float32)
        energy = (waves @ block @ waves.T).reshape(-1, _FREQUENCIES**2)  # (n, 64)
        bits = energy > np.median(energy, axis=1, keepdims=True)
        hashes[start : start + 4096] = np.packbits(bits, axis=1).view(np.uint64).reshape(-1)  # (n,)
    return hashes


def _identical(images: Images) -> npt.NDArray[np.int32]:
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(image.tobytes(), index) for index, image in enumerate(images)], np.int32)


def _propose(
    left: npt.NDArray[np.uint64],
    right: npt.NDArray[np.uint64],
    left_grids: npt.NDArray[np.float32],
    right_grids: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Index pairs (M, 2) with first < second whose hashes lie near and whose grids agree, and the distances (M,)."""
    pairs, distances = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.uint8)]
    for start in range(0, len(left), _CHUNK):
        distance = _count_bits(left[start : start + _CHUNK, None] ^ right[None, start:])
        one, other = np.divmod(np.flatnonzero(distance <= MAX_DISTANCE), distance.shape[1])
        ordered = other > one
        one, other = one[ordered], other[ordered]
        agreement = np.einsum("ij,ij->i", left_grids[one + start], right_grids[other + start])
        alike = agreement >= _MIN_GRID_CORRELATION
        one, other = one[alike], other[alike]
        pairs.append(np.stack([one, other], axis=1) + start)
        distances.append(distance[one, other])
    return np.concatenate(pairs), np.concatenate(distances)


def _count_bits(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(values), np.uint8)
    # numpy before 2.0 counts no bits.
    table = np.array([value.bit_count() for value in range(1 << 16)], np.uint8)
    return np.asarray(table[values[..., None].view(np.uint16)].sum(axis=-1, dtype=np.uint8))


def _confirm(
    images: Images, pairs: npt.NDArray[np.int64], *, mirrored: bool, max_shift: int = MAX_SHIFT
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    """Whether the detail of each of M pairs agrees (M,), and its correlation (M,)."""
    detail = {index: _detail(images[index]) for index in np.unique(pairs)}
    found = (_correlation(detail[a], detail[b], max_shift, mirrored=mirrored) for a, b in pairs)
    correlation = np.fromiter(found, np.float32, len(pairs))
    return correlation >= (MIN_CORRELATION_MIRRORED if mirrored else MIN_CORRELATION), correlation


def _unit_grids(images: Images) -> npt.NDArray[np.float32]:
    """(N, 144) float32: each image's means on a 12x12 grid, centerd, of length 1."""
    cell = SIDE // _GRID
    cells = images.reshape(len(images), _GRID, cell, _GRID, cell)  # (N, 12, 4, 12, 4)
    grid: npt.NDArray[np.float32] = cells.mean(axis=(2, 4), dtype=np.float32).reshape(-1, _GRID**2)  # (N, 144)
    grid -= grid.mean(axis=1, keepdims=True)
    grid /= np.maximum(np.linalg.norm(grid, axis=1, keepdims=True), 1e-6)
    return grid


def _detail(image: Images) -> Detail:
    gray = image.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), _FINE) - cv2.GaussianBlur(gray, (0, 0), _COARSE), np.float32)


def _correlation(one: Detail, other: Detail, max_shift: int, *, mirrored: bool) -> float:
    middle = (one[:, ::-1] if mirrored else one)[max_shift:-max_shift, max_shift:-max_shift]
    agreement = cv2.matchTemplate(other, np.ascontiguousarray(middle), cv2.TM_CCOEFF_NORMED)
    return min(float(agreement.max()), 1.0)
