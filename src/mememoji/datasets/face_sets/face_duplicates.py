"""Duplicates in face sets: of held-out faces, at several scales, and within a set."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.duplicates import find_cross_duplicates, find_duplicates
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, UNLABELED, FaceSet
from mememoji.progress import track_progress
from mememoji.types import UInt8Array

WINDOWS: Final = (CROP_SIZE, 44, 53, 40, 58, 36, 64)
"""The sizes in pixels of the central window of a face that is compared with held-out faces: other sets crop faces
tighter or wider, and a tenth is enough to miss a duplicate."""

MIN_CORRELATION_WITHIN: Final = 0.92
"""The minimum correlation of the detail of two faces of one set. Portraits from one studio reach 0.90 for two people,
or for one person with and without a smile; losing these costs more than keeping a duplicate."""


class FaceDuplicate(NamedTuple):
    """A face that is a duplicate of a held-out one.

    Attributes:
        face: The index of the face.
        held_out: The index of the held-out face with the highest correlation.
        exact: Whether all pixels are equal.
        mirrored: Whether one is the mirror image of the other.
        correlation: The correlation of their detail.
        window: The size of `WINDOWS` at which they match.
    """

    face: int
    held_out: int
    exact: bool
    mirrored: bool
    correlation: float
    window: int


class DeduplicatedFaces(NamedTuple):
    """A face set without duplicates within it.

    Attributes:
        faces: The faces that are kept.
        dropped: For each dropped face its index and that of the face kept for it, both in the original set.
        conflicts: The indices in the original set of kept faces whose label is removed, since a duplicate has another.
    """

    faces: FaceSet
    dropped: list[tuple[int, int]]
    conflicts: list[int]


def find_held_out_duplicates(
    faces: FaceSet, held_out: UInt8Array, *, windows: Sequence[int] = WINDOWS, progress: bool = False
) -> list[FaceDuplicate]:
    """Find the faces that are duplicates of a held-out one, by the rules of `find_cross_duplicates`.

    Args:
        faces: N faces; their central window is compared at each size of `windows`.
        held_out: (M, 48, 48) uint8, gray.
        windows: Sizes in pixels, up to 64; one of them takes a seventh of the time of all.
        progress: Whether to show progress on stderr.

    Returns:
        At most one duplicate per face, in the order of the faces: the one with equal pixels, or else the one with the
        highest correlation.
    """
    nearest: dict[int, FaceDuplicate] = {}
    for window in track_progress(windows, "comparing faces", "sizes", is_shown=progress):
        for face, other, mirrored, correlation in find_cross_duplicates(_crop_windows(faces, window), held_out):
            if face not in nearest or correlation > nearest[face].correlation:
                nearest[face] = FaceDuplicate(face, other, False, mirrored, correlation, window)
    indices = {image.tobytes(): index for index, image in reversed(list(enumerate(held_out)))}
    for face, image in enumerate(faces.central):
        equal = indices.get(image.tobytes())
        if equal is not None:
            nearest[face] = FaceDuplicate(face, equal, True, False, 1.0, CROP_SIZE)
    return [nearest[face] for face in sorted(nearest)]


def deduplicate(faces: FaceSet, *, progress: bool = False) -> DeduplicatedFaces:
    """Keep one face of each group of duplicates: the one with the most trusted label, or the first among equals.

    Two faces are duplicates from a correlation of `MIN_CORRELATION_WITHIN` on. If their labels differ, the label of the
    face that is kept is removed, since either may be wrong.
    """
    found = find_duplicates(faces.central, progress=progress)
    identical: dict[int, set[int]] = {}
    for face, first in enumerate(found.identical.tolist()):
        identical.setdefault(first, set()).add(face)
    duplicates = {face: group - {face} for group in identical.values() if len(group) > 1 for face in group}
    for one, other in found.pairs[found.correlation >= MIN_CORRELATION_WITHIN].tolist():
        for first, second in ((one, other), (other, one)):
            for face in identical[first]:
                duplicates[face] = duplicates.get(face, set()) | identical[second]
    kept_instead: dict[int, int] = {}
    # Drop a face only for one that is kept: otherwise chains of similar faces would collapse into one face.
    for face in sorted(duplicates, key=lambda face: (-faces.trust[face], face)):
        if face not in kept_instead:
            kept_instead |= dict.fromkeys(sorted(duplicates[face] - kept_instead.keys()), face)
    dropped = sorted(kept_instead.items())
    labels, trust = faces.labels.copy(), faces.trust.copy()
    conflicts = sorted({kept for face, kept in dropped if _is_conflict(int(labels[face]), int(faces.labels[kept]))})
    labels[conflicts], trust[conflicts] = UNLABELED, 0.0
    is_kept = np.ones(len(faces), np.bool_)
    is_kept[list(kept_instead)] = False
    kept_faces = FaceSet(faces.images, labels, trust, faces.sources, faces.ids).take(is_kept)
    return DeduplicatedFaces(kept_faces, dropped, conflicts)


def _is_conflict(one: int, other: int) -> bool:
    return UNLABELED not in (one, other) and one != other


def _crop_windows(faces: FaceSet, window: int) -> UInt8Array:
    """Return (N, 48, 48) uint8: the central `window` pixels of each face, resized."""
    if window == CROP_SIZE:
        return faces.central
    step = window / CROP_SIZE
    offset = (CONTEXT_SIZE - window) / 2 + (step - 1) / 2
    matrix = np.array([[step, 0, offset], [0, step, offset]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crops = [cv2.warpAffine(image, matrix, (CROP_SIZE, CROP_SIZE), flags=flags) for image in faces.images]
    return np.array(crops, np.uint8).reshape(len(faces), CROP_SIZE, CROP_SIZE)  # (N, 48, 48)
