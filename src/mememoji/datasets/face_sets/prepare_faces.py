"""Preparation of a face set: read sources, drop duplicates of held-out faces and within the set, write with a card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mememoji.datasets.face_sets.face_cutter import FaceCutter
from mememoji.datasets.face_sets.face_duplicates import WINDOWS, deduplicate, find_held_out_duplicates
from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet, concatenate, is_face_set, write_face_set
from mememoji.datasets.face_sets.face_set_card import (
    Comparison,
    describe_comparisons,
    describe_cutter,
    describe_deduplication,
    describe_faces,
    describe_source,
    write_face_card,
)
from mememoji.datasets.face_sets.face_source import DEFAULT_TRUST, FaceSource, make_ids_unique, read_faces
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError, MissingExtraError
from mememoji.file_names import format_name
from mememoji.output_files import check_outputs


def prepare_faces(
    sources: Sequence[FaceSource],
    out: Path,
    cutter: FaceCutter,
    *,
    trust: float = DEFAULT_TRUST,
    against: Sequence[FaceSource] = (),
    compare: Sequence[FaceSource] = (),
    licenses: Sequence[str] = (),
    sheet: Path | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Make a face set of sources, and write it with its card beside it.

    Args:
        sources: One or more sources as for `read_faces`.
        out: The Parquet file to write; an earlier face set there is replaced.
        cutter: The cutter that detects and crops the faces.
        trust: The trust in labels for which neither a source nor its file states it, 0..1.
        against: Held-out faces; faces that are duplicates of these are dropped.
        compare: Other faces; duplicates of these are counted, at one scale, and kept.
        licenses: No license, one for all sources, or one for each.
        sheet: A PNG file for a contact sheet with some faces of each emotion, or None.
        progress: Whether to show progress on stderr.

    Returns:
        The card.

    Raises:
        DatasetError: A source is not valid, `out` is another file, or the number of licenses is wrong.
        InputError: `out` is one of `against` or `compare`, or `sheet` is one of the other files.
        MissingExtraError: The extra "train" is not installed.
        RunError: `out` cannot be written.
    """
    if len(licenses) not in (0, 1, len(sources)):
        raise DatasetError(f"there must be one license, or one for each of {len(sources)} sources, got {len(licenses)}")
    if not 0.0 <= trust <= 1.0:
        raise DatasetError(f"trust must be in 0..1, got {trust}")
    _check_is_replaceable(out)
    references = {f"the reference {number}": source.path for number, source in enumerate([*against, *compare], 1)}
    inputs = {f"source {number}": source.path for number, source in enumerate(sources, 1)}
    # A source may be extended in place: it is read completely, and replaced at the end.
    check_outputs({"the face set": out}, references)
    check_outputs({"the sheet": sheet}, {"the face set": out, **inputs, **references})
    texts: Sequence[str | None] = licenses or [None]
    if len(texts) == 1:
        texts = [*texts] * len(sources)
    reads = [read_faces(source, cutter, trust=trust, progress=progress) for source in sources]
    faces = make_ids_unique(concatenate([read.faces for read in reads]))
    comparisons: list[Comparison] = []
    for source, are_dropped in [*((source, True) for source in against), *((source, False) for source in compare)]:
        held_out = read_faces(source, cutter, progress=progress)
        # Duplicates that are only counted are not worth a search over all scales.
        windows = WINDOWS if are_dropped else WINDOWS[:1]
        duplicates = find_held_out_duplicates(faces, held_out.faces.central, windows=windows, progress=progress)
        comparisons.append(Comparison(source, held_out, faces, duplicates, are_dropped))
        if are_dropped:
            faces = _drop(faces, [duplicate.face for duplicate in duplicates])
    deduplicated = deduplicate(faces, progress=progress)
    card = (
        describe_faces(deduplicated.faces)
        | describe_cutter(cutter)
        | {
            "inputs": [describe_source(*inputs) for inputs in zip(sources, reads, texts, strict=True)],
            "against": describe_comparisons(comparisons),
            "duplicates_within": describe_deduplication(faces, deduplicated.dropped, deduplicated.conflicts),
        }
    )
    write_face_set(deduplicated.faces, out)
    write_face_card(card, out)
    if sheet is not None:
        _draw_sheet(deduplicated.faces, sheet, format_name(out.name))
    return card


def _drop(faces: FaceSet, indices: Sequence[int]) -> FaceSet:
    is_kept = np.ones(len(faces), np.bool_)
    is_kept[list(indices)] = False
    return faces.take(is_kept)


def _check_is_replaceable(out: Path) -> None:
    """Raise DatasetError if `out` is an existing file other than a face set, which would be lost."""
    if out.exists() and not is_face_set(out):
        raise DatasetError(f"{out} must be a new file or a face set to replace, got another file; name another one")


def _draw_sheet(faces: FaceSet, sheet: Path, name: str) -> None:
    try:
        from mememoji.datasets.fer2013.dataset_figures import draw_faces
    except ImportError as error:
        raise MissingExtraError("train", "drawing faces") from error
    labeled = faces.take(faces.labels != UNLABELED)
    # Contempt counts as anger, as in the six emotions of the sheet.
    labels = np.where(labeled.labels < len(FER2013_LABELS), labeled.labels, 0).astype(np.int8)
    split = Split(np.arange(len(labeled), dtype=np.int32), labeled.central, labels, None)
    draw_faces(split, sheet, title=f"faces of {name}")
