"""Duplicates of face sets: against held-out faces at several scales, and inside a set."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from mememoji.datasets.duplicates import find_duplicates, find_matches
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, UNLABELED, FaceSet
from mememoji.datasets.splits import SIDE

WINDOWS: Final = (SIDE, 44, 53, 40, 58, 36, 64)
"""Sizes in pixels of the central part of a face that is compared with held-out faces: other sets crop faces tighter or
wider, and by a tenth is enough to hide a copy."""

MIN_CORRELATION_INSIDE: Final = 0.92
"""How far the detail of two faces of one set must agree. Portraits of one studio reach 0.90 with two people on them, or
with one person at rest and smiling; to lose these costs more than to keep a copy."""


class Twin(NamedTuple):
    """A face that shows the same image as a held-out one.

    Attributes:
        face: its index.
        twin: the index of the held-out face that it agrees with most.
        exact: all pixels are equal.
        mirrored: one is the other seen in a mirror.
        correlation: of their detail.
        window: the size out of `WINDOWS` at which they agree.
    """

    face: int
    twin: int
    exact: bool
    mirrored: bool
    correlation: float
    window: int


class Merged(NamedTuple):
    """A set without its own duplicates.

    Attributes:
        faces: the set, without those that show the same image as one that stayed.
        dropped: for each one left out its index, and the index of the one that stayed for it, both before.
        conflicts: indices, before, of faces that stayed and lost their label, since a duplicate has another one.
    """

    faces: FaceSet
    dropped: list[tuple[int, int]]
    conflicts: list[int]


def find_twins(
    faces: FaceSet, held_out: npt.NDArray[np.uint8], *, windows: Sequence[int] = WINDOWS, progress: bool = False
) -> list[Twin]:
    """Find the faces that show the same image as a held-out one, by the rules of `find_matches`.

    Args:
        faces: N faces; their central part is compared at each size of `windows`.
        held_out: (M, 48, 48) uint8, gray.
        windows: sizes in pixels, up to 64; one takes a seventh of the time.
        progress: draw a progress bar on standard error, if that is a terminal.

    Returns:
        At most one for each face, in the order of the faces: with equal pixels, or else the greatest correlation.
    """
    nearest: dict[int, Twin] = {}
    for window in tqdm(windows, desc="comparing faces", leave=False, disable=None if progress else True):
        for face, twin, mirrored, correlation in find_matches(_windows(faces, window), held_out):
            if face not in nearest or correlation > nearest[face].correlation:
                nearest[face] = Twin(face, twin, False, mirrored, correlation, window)
    places = {image.tobytes(): index for index, image in reversed(list(enumerate(held_out)))}
    for face, image in enumerate(faces.central):
        equal = places.get(image.tobytes())
        if equal is not None:
            nearest[face] = Twin(face, equal, True, False, 1.0, SIDE)
    return [nearest[face] for face in sorted(nearest)]


def merge_duplicates(faces: FaceSet, *, progress: bool = False) -> Merged:
    """Keep one of the faces that show the same image: the most trusted one, of equals the first.

    Two faces count from `MIN_CORRELATION_INSIDE` on. Where their labels differ, nobody knows which is right: the one
    that stays loses its label.
    """
    found = find_duplicates(faces.central, progress=progress)
    copies: dict[int, set[int]] = {}
    for face, first in enumerate(found.identical.tolist()):
        copies.setdefault(first, set()).add(face)
    twins = {face: group - {face} for group in copies.values() if len(group) > 1 for face in group}
    for one, other in found.pairs[found.correlation >= MIN_CORRELATION_INSIDE].tolist():
        for here, there in ((one, other), (other, one)):
            for face in copies[here]:
                twins[face] = twins.get(face, set()) | copies[there]
    stayed_for: dict[int, int] = {}
    # A face goes for one that stays, never for one that goes itself: chains of look-alikes would become one face.
    for face in sorted(twins, key=lambda face: (-faces.trust[face], face)):
        if face not in stayed_for:
            stayed_for |= dict.fromkeys(sorted(twins[face] - stayed_for.keys()), face)
    dropped = sorted(stayed_for.items())
    labels, trust = faces.labels.copy(), faces.trust.copy()
    conflicts = sorted({kept for face, kept in dropped if _differ(int(labels[face]), int(faces.labels[kept]))})
    labels[conflicts], trust[conflicts] = UNLABELED, 0.0
    is_kept = np.ones(len(faces), np.bool_)
    is_kept[list(stayed_for)] = False
    merged = FaceSet(faces.images, labels, trust, faces.sources, faces.ids).take(is_kept)
    return Merged(merged, dropped, conflicts)


def _differ(one: int, other: int) -> bool:
    return UNLABELED not in (one, other) and one != other


def _windows(faces: FaceSet, window: int) -> npt.NDArray[np.uint8]:
    """(N, 48, 48) uint8: the central `window` pixels of each face, resized."""
    if window == SIDE:
        return faces.central
    step = window / SIDE
    offset = (CONTEXT_SIZE - window) / 2 + (step - 1) / 2
    matrix = np.array([[step, 0, offset], [0, step, offset]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = [cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=flags) for image in faces.images]
    return np.array(cut, np.uint8).reshape(len(faces), SIDE, SIDE)  # (N, 48, 48)
