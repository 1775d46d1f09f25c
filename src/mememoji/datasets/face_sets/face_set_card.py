"""The card of a face set: its faces and sources, the skipped images, and the dropped duplicates."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mememoji.classification.preprocess import CROP_SIZE, MIN_ROLL
from mememoji.datasets import duplicates as duplicate_search
from mememoji.datasets.face_sets.face_cutter import BORDER, DOMINANCE, FaceCutter, SkipReason
from mememoji.datasets.face_sets.face_duplicates import MIN_CORRELATION_WITHIN, WINDOWS, FaceDuplicate
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, FACE_LABELS, FaceSet
from mememoji.datasets.face_sets.face_source import FaceSource, SourceFaces
from mememoji.datasets.fer2013.data_card import write_card
from mememoji.file_names import to_unicode
from mememoji.model_files import card_path, compute_sha256

KIND: Final = "face set"
FORMAT: Final = 1


class Comparison(NamedTuple):
    """A comparison of a face set with held-out faces.

    Attributes:
        source: The source of the held-out faces.
        held_out: The held-out faces.
        faces: The face set.
        duplicates: The duplicates, by indices into `faces` and `held_out.faces`.
        are_dropped: Whether the duplicates were dropped.
    """

    source: FaceSource
    held_out: SourceFaces
    faces: FaceSet
    duplicates: list[FaceDuplicate]
    are_dropped: bool


def describe_source(source: FaceSource, read: SourceFaces, license_text: str | None) -> dict[str, Any]:
    """Describe one source: the faces read from it, and the names of the skipped images."""
    return {
        "name": source.title,
        "sha256": _hash_source(source),
        "license": license_text,
        "images": read.images,
        "faces": len(read.faces),
        "skipped": {reason.value: len(read.skipped.get(reason, ())) for reason in SkipReason},
        "other_files": read.other_files,
        "skipped_images": {reason.value: names for reason, names in read.skipped.items()},
    }


def describe_faces(faces: FaceSet) -> dict[str, Any]:
    """Describe the faces of a set: counts by label and source, and the mean trust in the labels of each source."""
    counts: dict[str, Any] = {}
    sources = np.array(faces.sources, np.object_)
    for source in dict.fromkeys(faces.sources):
        own = faces.take(sources == source)
        trust = own.trust[own.is_labeled]
        counts[source] = _count_labels(own) | {"mean_trust": round(float(trust.mean()), 3) if len(trust) else None}
    return {"faces": len(faces), "labels": _count_labels(faces), "sources": counts}


def describe_cutter(cutter: FaceCutter) -> dict[str, Any]:
    """Describe how faces were detected and cropped."""
    weights = getattr(cutter.detector, "card", None)
    return {
        "detector": {
            "name": cutter.detector.name,
            "weights": getattr(weights, "name", None),
            "sha256": getattr(weights, "sha256", None),
            "score_threshold": getattr(cutter.detector, "score_threshold", None),
            "min_confidence": cutter.min_confidence,
            "min_size": cutter.min_size,
            "retry_border": BORDER,
            "dominance": None if cutter.take_largest else DOMINANCE,
        },
        "crop": {
            "size": CONTEXT_SIZE,
            "central": CROP_SIZE,
            "margin": cutter.detector.margin,
            "context_margin": round(cutter.context_margin, 6),
            "min_roll": MIN_ROLL,
        },
    }


def describe_comparisons(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Describe the duplicates of held-out faces: the rule, and each pair."""
    return {
        "rule": {
            "exact": "all pixels are equal",
            "near": "correlation of band-passed pixels at the best shift and window, where a grid of means agrees",
            "min_correlation": duplicate_search.MIN_CORRELATION,
            "min_correlation_mirrored": duplicate_search.MIN_CORRELATION_MIRRORED,
            "max_shift_pixels": duplicate_search.MAX_CROSS_SHIFT,
            "windows_of_dropped": list(WINDOWS),
        },
        "files": [_describe_comparison(comparison) for comparison in comparisons],
    }


def describe_deduplication(
    faces: FaceSet, dropped: Sequence[tuple[int, int]], conflicts: Sequence[int]
) -> dict[str, Any]:
    """Describe the duplicates within a set, by indices into `faces`."""
    return {
        "min_correlation": MIN_CORRELATION_WITHIN,
        "dropped": len(dropped),
        "columns": ["dropped", "kept"],
        "pairs": [[_name_face(faces, one), _name_face(faces, other)] for one, other in dropped],
        "labels_removed": [_name_face(faces, index) for index in conflicts],
    }


def write_face_card(card: dict[str, Any], face_set: Path) -> None:
    """Write the card of a face set beside it: FILE.parquet has FILE.card.json."""
    write_card({"format": FORMAT, "kind": KIND, "file": to_unicode(face_set.name)} | card, card_path(face_set))


def _describe_comparison(comparison: Comparison) -> dict[str, Any]:
    faces, held_out = comparison.faces, comparison.held_out.faces
    return {
        "name": comparison.source.title,
        "sha256": _hash_source(comparison.source),
        "images": comparison.held_out.images,
        "faces": len(held_out),
        "duplicates": len(comparison.duplicates),
        "dropped": comparison.are_dropped,
        "columns": ["face", "held-out face", "kind", "correlation", "mirrored", "window"],
        "pairs": [
            [
                _name_face(faces, duplicate.face),
                _name_face(held_out, duplicate.held_out),
                "exact" if duplicate.exact else "near",
                round(duplicate.correlation, 3),
                duplicate.mirrored,
                duplicate.window,
            ]
            for duplicate in comparison.duplicates
        ],
    }


def _hash_source(source: FaceSource) -> str | None:
    return None if source.path.is_dir() else compute_sha256(source.path)


def _count_labels(faces: FaceSet) -> dict[str, int]:
    counts = np.bincount(faces.labels[faces.is_labeled], minlength=len(FACE_LABELS)).tolist()
    return dict(zip(FACE_LABELS, counts, strict=True)) | {"unlabeled": int((~faces.is_labeled).sum())}


def _name_face(faces: FaceSet, index: int) -> str:
    return f"{faces.sources[index]}/{faces.ids[index]}"
