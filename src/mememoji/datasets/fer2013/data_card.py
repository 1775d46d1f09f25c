"""The data card: what a prepared dataset holds, where it came from, and what was left out of it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.datasets import duplicates as same
from mememoji.datasets.duplicates import Duplicates, Leak
from mememoji.datasets.fer2013.all_sources import Fer2013
from mememoji.datasets.splits import SPLITS, Split
from mememoji.emotions import EMOTIONS, FER2013_LABELS, FERPLUS_VOTES, LABELS_TO_SIX
from mememoji.errors import DatasetError

FORMAT: Final = 1
"""The card's own form; a card of another form is refused instead of guessed at."""


def seven_classes(labels: npt.NDArray[np.integer]) -> dict[str, int]:
    """How many images each of FER2013's seven classes has."""
    counts = np.bincount(labels, minlength=len(FER2013_LABELS))
    return dict(zip(FER2013_LABELS, counts.tolist(), strict=True))


def six_classes(labels: npt.NDArray[np.integer]) -> dict[str, int]:
    """How many images each of the six emotions has, disgust folded into angry."""
    counts = np.bincount(labels, minlength=len(FER2013_LABELS)) @ LABELS_TO_SIX
    return {emotion.value: int(count) for emotion, count in zip(EMOTIONS, counts, strict=True)}


def describe(
    source: Fer2013, written: dict[str, Split], found: Duplicates, leaks: Sequence[Leak], *, kept: bool
) -> dict[str, Any]:
    """The card of a prepared dataset, as `json.dumps` takes it.

    Args:
        source: all that was read.
        written: the splits as they are written, by name.
        found: the source's duplicates.
        leaks: the images of train that show a held-out image.
        kept: whether these stayed in train all the same.
    """
    rows, splits = source.pictures.rows, source.splits
    names = [SPLITS[split] for split in splits.tolist()]
    return {
        "format": FORMAT,
        "source": {
            "name": source.name,
            "sha256": source.sha256,
            "pictures": len(source),
            "votes": source.votes_name or ("in the source" if source.pictures.votes is not None else None),
        },
        "splits": {
            name: {"file": f"{name}.parquet"}
            | _counts(split)
            | {"in_source": _counts(source.pictures.take(splits == SPLITS.index(name)))}
            for name, split in written.items()
        },
        "duplicates": {
            "rule": _rule(),
            "pictures_with_twin": _twins(found, splits),
            "identical_rows": [rows[group].tolist() for group in _identical_groups(found)],
            "near_pairs": {
                "columns": ["row", "split", "row", "split", "correlation", "bits", "mirrored"],
                "pairs": _near_pairs(found, rows.tolist(), names),
            },
            "note": "Near pairs are between images that are the first of their identical ones. Duplicates inside one "
            "split are counted and listed, and stay in it.",
        },
        "leaks": {
            "left_out_of_train": not kept,
            "count": len(leaks),
            "columns": ["row", "held-out row", "its split", "kind", "correlation", "mirrored"],
            "rows": _leaks(leaks, rows.tolist(), names),
        },
    }


def write_card(card: dict[str, Any], path: Path) -> None:
    """Write a card as JSON that people can read: one line for each innermost list."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    path.write_text(re.sub(r"\[\s+([^][{}]*?)\s+\]", _one_line, text) + "\n", encoding="utf-8")


def read_card(path: Path) -> dict[str, Any]:
    """Read what `write_card` wrote.

    Raises:
        DatasetError: no such file, no JSON, or a card of another form.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} is no data card: {error}; `mememoji data prepare` writes one") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise DatasetError(f"{path} is no data card of form {FORMAT}; `mememoji data prepare` writes one")
    return card


def _one_line(match: re.Match[str]) -> str:
    return "[" + re.sub(r",\s+", ", ", match[1]) + "]"


def _counts(split: Split) -> dict[str, Any]:
    return {
        "pictures": len(split),
        "classes_7": seven_classes(split.labels),
        "classes_6": six_classes(split.labels),
        # Strictly more than half of the people said so.
        "non_faces_by_votes": None if split.votes is None else int(_non_faces(split.votes).sum()),
        "blank": int(sum(int(image.min()) == int(image.max()) for image in split.images)),
    }


def _non_faces(votes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    not_a_face = votes[:, FERPLUS_VOTES.index("NF")].astype(np.int64)
    return np.asarray(2 * not_a_face > votes.sum(axis=1, dtype=np.int64))


def _twins(found: Duplicates, splits: npt.NDArray[np.int8]) -> dict[str, dict[str, dict[str, int]]]:
    counts = found.twins(splits, len(SPLITS))
    present = [split for split in range(len(SPLITS)) if (splits == split).any()]
    return {
        SPLITS[split]: {
            f"in {SPLITS[other]}": {"exact": int(counts[split, other, 0]), "near": int(counts[split, other, 1])}
            for other in present
        }
        for split in present
    }


def _near_pairs(found: Duplicates, rows: list[int], names: list[str]) -> list[list[Any]]:
    figures = zip(found.correlation.tolist(), found.distance.tolist(), found.mirrored.tolist(), strict=True)
    return [
        [rows[one], names[one], rows[other], names[other], round(correlation, 3), bits, mirrored]
        for (one, other), (correlation, bits, mirrored) in zip(found.pairs.tolist(), figures, strict=True)
    ]


def _leaks(leaks: Sequence[Leak], rows: list[int], names: list[str]) -> list[list[Any]]:
    return [
        [
            rows[leak.picture],
            rows[leak.twin],
            names[leak.twin],
            "exact" if leak.exact else "near",
            round(leak.correlation, 3),
            leak.mirrored,
        ]
        for leak in leaks
    ]


def _identical_groups(found: Duplicates) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(found.identical, kind="stable")
    starts = np.flatnonzero(np.diff(found.identical[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]


def _rule() -> dict[str, Any]:
    return {
        "exact": "all pixels are equal",
        "near": "pHash of 64 bits, then the correlation of band-passed pixels at the best shift",
        "max_bits_apart": same.MAX_DISTANCE,
        "min_correlation": same.MIN_CORRELATION,
        "min_correlation_mirrored": same.MIN_CORRELATION_MIRRORED,
        "max_shift_pixels": same.MAX_SHIFT,
    }
