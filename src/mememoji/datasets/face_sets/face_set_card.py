"""The card of a face set: what it holds, where it comes from, what was left out of it and why."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from mememoji.classification.preprocess import LEAST_TILT
from mememoji.datasets import duplicates as same
from mememoji.datasets.face_sets.face_cutter import BORDER, DOMINANCE, FaceCutter, LeftOut
from mememoji.datasets.face_sets.face_duplicates import MIN_CORRELATION_INSIDE, WINDOWS, Twin
from mememoji.datasets.face_sets.face_set import CONTEXT_SIZE, FACE_LABELS, FaceSet
from mememoji.datasets.face_sets.face_source import FaceSource, ReadFaces
from mememoji.datasets.fer2013.data_card import write_card
from mememoji.datasets.splits import SIDE
from mememoji.errors import DatasetError
from mememoji.model_files import card_path, sha256_of

KIND: Final = "face set"
FORMAT: Final = 1


class Comparison(NamedTuple):
    """Held-out faces, and which faces of the set show the same images.

    Attributes:
        source: where the held-out faces come from.
        read: what was read of it.
        faces: the set that was compared with it.
        twins: the duplicates, by indices into `faces` and `read.faces`.
        dropped: whether the duplicates were left out.
    """

    source: FaceSource
    read: ReadFaces
    faces: FaceSet
    twins: list[Twin]
    dropped: bool


def describe_source(source: FaceSource, read: ReadFaces, license_text: str | None) -> dict[str, Any]:
    """Describe one source: what it gave, and the names of what it did not."""
    return {
        "name": source.title,
        "sha256": None if source.path.is_dir() else sha256_of(source.path),
        "license": license_text,
        "images": read.images,
        "faces": len(read.faces),
        "left_out": {reason.value: len(read.left_out.get(reason, ())) for reason in LeftOut},
        "other_files": read.other_files,
        "left_out_images": {reason.value: names for reason, names in read.left_out.items()},
    }


def describe_faces(faces: FaceSet) -> dict[str, Any]:
    """Describe the faces of a set: counts by label and source, and the mean trust in the labels of each source."""
    counts: dict[str, Any] = {}
    sources = np.array(faces.sources, np.object_)
    for source in dict.fromkeys(faces.sources):
        some = faces.take(sources == source)
        trust = some.trust[some.is_labeled]
        counts[source] = _labels(some) | {"mean_trust": round(float(trust.mean()), 3) if len(trust) else None}
    return {"faces": len(faces), "labels": _labels(faces), "sources": counts}


def describe_cutter(cutter: FaceCutter) -> dict[str, Any]:
    """Describe how faces were found and cut."""
    weights = getattr(cutter.detector, "card", None)
    return {
        "detector": {
            "name": cutter.detector.name,
            "weights": getattr(weights, "name", None),
            "sha256": getattr(weights, "sha256", None),
            "score_threshold": getattr(cutter.detector, "score_threshold", None),
            "min_confidence": cutter.min_confidence,
            "min_size": cutter.min_size,
            "border_of_second_try": BORDER,
            "dominance": None if cutter.take_largest else DOMINANCE,
        },
        "crop": {
            "size": CONTEXT_SIZE,
            "central": SIDE,
            "margin": cutter.detector.margin,
            "context_margin": round(cutter.context_margin, 6),
            "turned_upright_from_degrees": LEAST_TILT,
        },
    }


def describe_comparisons(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Describe the duplicates of held-out faces: the rule, and each face with its twin."""
    return {
        "rule": {
            "exact": "all pixels are equal",
            "near": "correlation of band-passed pixels at the best shift and window, where a grid of means agrees",
            "min_correlation": same.MIN_CORRELATION,
            "min_correlation_mirrored": same.MIN_CORRELATION_MIRRORED,
            "max_shift_pixels": same.MATCH_SHIFT,
            "windows_of_dropped": list(WINDOWS),
        },
        "files": [_compared(comparison) for comparison in comparisons],
    }


def describe_inside(faces: FaceSet, dropped: Sequence[tuple[int, int]], conflicts: Sequence[int]) -> dict[str, Any]:
    """Describe the duplicates inside a set, by indices into `faces`."""
    return {
        "min_correlation": MIN_CORRELATION_INSIDE,
        "dropped": len(dropped),
        "columns": ["dropped", "kept"],
        "pairs": [[_name(faces, one), _name(faces, other)] for one, other in dropped],
        "labels_taken_off": [_name(faces, index) for index in conflicts],
    }


def write_face_card(card: dict[str, Any], face_set: Path) -> None:
    """Write the card of a face set beside it: FILE.parquet has FILE.card.json."""
    write_card({"format": FORMAT, "kind": KIND, "file": face_set.name} | card, card_path(face_set))


def read_face_card(face_set: Path) -> dict[str, Any]:
    """Read the card beside a face set.

    Raises:
        DatasetError: the card is missing, or is not the card of a face set.
    """
    path = card_path(face_set)
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} must be a face set's card: {error}; `mememoji data faces` writes one") from error
    if not isinstance(card, dict) or (card.get("kind"), card.get("format")) != (KIND, FORMAT):
        raise DatasetError(f"{path} must be a face set's card of format {FORMAT}; `mememoji data faces` writes one")
    return card


def _compared(comparison: Comparison) -> dict[str, Any]:
    faces, held_out = comparison.faces, comparison.read.faces
    return {
        "name": comparison.source.title,
        "sha256": None if comparison.source.path.is_dir() else sha256_of(comparison.source.path),
        "images": comparison.read.images,
        "faces": len(held_out),
        "duplicates": len(comparison.twins),
        "dropped": comparison.dropped,
        "columns": ["face", "held-out face", "kind", "correlation", "mirrored", "window"],
        "pairs": [
            [
                _name(faces, twin.face),
                _name(held_out, twin.twin),
                "exact" if twin.exact else "near",
                round(twin.correlation, 3),
                twin.mirrored,
                twin.window,
            ]
            for twin in comparison.twins
        ],
    }


def _labels(faces: FaceSet) -> dict[str, int]:
    counts = np.bincount(faces.labels[faces.is_labeled], minlength=len(FACE_LABELS)).tolist()
    return dict(zip(FACE_LABELS, counts, strict=True)) | {"unlabeled": int((~faces.is_labeled).sum())}


def _name(faces: FaceSet, index: int) -> str:
    return f"{faces.sources[index]}/{faces.ids[index]}"
