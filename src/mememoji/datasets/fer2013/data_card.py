"""The data card: the contents of a prepared dataset, its source, and the duplicates in it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.datasets import duplicates as duplicate_search
from mememoji.datasets.duplicates import Duplicates, Leak
from mememoji.datasets.fer2013.fer2013_reader import Fer2013
from mememoji.datasets.splits import SPLITS, Split
from mememoji.emotions import EMOTIONS, FER2013_LABELS, FERPLUS_VOTES, LABELS_TO_SIX
from mememoji.errors import DatasetError
from mememoji.types import BoolArray, Int8Array, Int64Array, UInt8Array

FORMAT: Final = 1
"""The version of the card's format; cards of other versions are rejected."""


def count_fer7_classes(labels: npt.NDArray[np.integer]) -> dict[str, int]:
    """Count the images of each of FER2013's seven classes."""
    counts = np.bincount(labels, minlength=len(FER2013_LABELS))
    return dict(zip(FER2013_LABELS, counts.tolist(), strict=True))


def count_six_classes(labels: npt.NDArray[np.integer]) -> dict[str, int]:
    """Count the images of each of the six emotions, disgust as angry."""
    counts = np.bincount(labels, minlength=len(FER2013_LABELS)) @ LABELS_TO_SIX
    return {emotion.value: int(count) for emotion, count in zip(EMOTIONS, counts, strict=True)}


def build_card(
    data: Fer2013, splits: dict[str, Split], duplicates: Duplicates, leaks: Sequence[Leak], *, are_kept: bool
) -> dict[str, Any]:
    """Build the card of a prepared dataset, as `json.dumps` takes it.

    Args:
        data: All rows of the source.
        splits: The splits as written, by name.
        duplicates: The duplicates in the source.
        leaks: The images of train that are duplicates of a held-out image.
        are_kept: Whether these stayed in train.
    """
    rows = data.samples.rows
    split_names = [SPLITS[split] for split in data.splits.tolist()]
    return {
        "format": FORMAT,
        "source": {
            "name": data.name,
            "sha256": data.sha256,
            "images": len(data),
            "votes": data.votes_name or ("in the source" if data.samples.votes is not None else None),
        },
        "splits": {
            name: {"file": f"{name}.parquet"}
            | _count_images(split)
            | {"in_source": _count_images(data.samples.take(data.splits == SPLITS.index(name)))}
            for name, split in splits.items()
        },
        "duplicates": {
            "rule": _describe_rule(),
            "images_with_duplicate": _count_duplicates(duplicates, data.splits),
            "identical_rows": [rows[group].tolist() for group in _group_identical(duplicates)],
            "near_pairs": {
                "columns": ["row", "split", "row", "split", "correlation", "bits", "mirrored"],
                "pairs": _list_near_pairs(duplicates, rows.tolist(), split_names),
            },
            "note": "Near pairs are between the first images of each set of identical ones. Duplicates within one "
            "split are counted and listed, and stay in it.",
        },
        "leaks": {
            "left_out_of_train": not are_kept,
            "count": len(leaks),
            "columns": ["row", "held-out row", "its split", "kind", "correlation", "mirrored"],
            "rows": _list_leaks(leaks, rows.tolist(), split_names),
        },
    }


def write_card(card: dict[str, Any], path: Path) -> None:
    """Write a card as readable JSON, with each innermost list on one line."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    path.write_text(re.sub(r"\[\s+([^][{}]*?)\s+\]", _join_lines, text) + "\n", encoding="utf-8")


def read_card(path: Path) -> dict[str, Any]:
    """Read a card that `write_card` wrote.

    Raises:
        DatasetError: The file is missing, is not valid JSON, or is a card of another format.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} must be a data card: {error}; `mememoji data prepare` writes one") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise DatasetError(f"{path} must be a data card of format {FORMAT}; `mememoji data prepare` writes one")
    return card


def _join_lines(match: re.Match[str]) -> str:
    return "[" + re.sub(r",\s+", ", ", match[1]) + "]"


def _count_images(split: Split) -> dict[str, Any]:
    return {
        "images": len(split),
        "classes_7": count_fer7_classes(split.labels),
        "classes_6": count_six_classes(split.labels),
        # With strictly more than half of the votes.
        "non_faces_by_votes": None if split.votes is None else int(_is_non_face(split.votes).sum()),
        "blank": int(sum(int(image.min()) == int(image.max()) for image in split.images)),
    }


def _is_non_face(votes: UInt8Array) -> BoolArray:
    not_a_face = votes[:, FERPLUS_VOTES.index("NF")].astype(np.int64)
    return np.asarray(2 * not_a_face > votes.sum(axis=1, dtype=np.int64))


def _count_duplicates(duplicates: Duplicates, splits: Int8Array) -> dict[str, dict[str, dict[str, int]]]:
    counts = duplicates.count_by_group(splits, len(SPLITS))
    present = [split for split in range(len(SPLITS)) if (splits == split).any()]
    return {
        SPLITS[split]: {
            f"in {SPLITS[other]}": {"exact": int(counts[split, other, 0]), "near": int(counts[split, other, 1])}
            for other in present
        }
        for split in present
    }


def _list_near_pairs(duplicates: Duplicates, rows: list[int], split_names: list[str]) -> list[list[Any]]:
    measures = (duplicates.correlation, duplicates.distance, duplicates.mirrored)
    values = zip(*(measure.tolist() for measure in measures), strict=True)
    return [
        [rows[one], split_names[one], rows[other], split_names[other], round(correlation, 3), bits, mirrored]
        for (one, other), (correlation, bits, mirrored) in zip(duplicates.pairs.tolist(), values, strict=True)
    ]


def _list_leaks(leaks: Sequence[Leak], rows: list[int], split_names: list[str]) -> list[list[Any]]:
    return [
        [
            rows[leak.image],
            rows[leak.held_out],
            split_names[leak.held_out],
            "exact" if leak.exact else "near",
            round(leak.correlation, 3),
            leak.mirrored,
        ]
        for leak in leaks
    ]


def _group_identical(duplicates: Duplicates) -> list[Int64Array]:
    order = np.argsort(duplicates.identical, kind="stable")
    starts = np.flatnonzero(np.diff(duplicates.identical[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]


def _describe_rule() -> dict[str, Any]:
    return {
        "exact": "all pixels are equal",
        "near": "pHash of 64 bits, then the correlation of band-passed pixels at the best shift",
        "max_bits_apart": duplicate_search.MAX_HASH_DISTANCE,
        "min_correlation": duplicate_search.MIN_CORRELATION,
        "min_correlation_mirrored": duplicate_search.MIN_CORRELATION_MIRRORED,
        "max_shift_pixels": duplicate_search.MAX_SHIFT,
    }
