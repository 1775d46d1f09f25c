"""From sources of any origin to a face set: read, compare with held-out faces, merge duplicates, write with a card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mememoji.datasets.face_sets.face_cutter import FaceCutter
from mememoji.datasets.face_sets.face_duplicates import WINDOWS, find_twins, merge_duplicates
from mememoji.datasets.face_sets.face_set import UNLABELED, FaceSet, is_face_set, merge, write_face_set
from mememoji.datasets.face_sets.face_set_card import (
    Comparison,
    describe_comparisons,
    describe_cutter,
    describe_faces,
    describe_inside,
    describe_source,
    write_face_card,
)
from mememoji.datasets.face_sets.face_source import DEFAULT_TRUST, FaceSource, read_faces, with_unique_ids
from mememoji.datasets.splits import Split
from mememoji.emotions import FER2013_LABELS
from mememoji.errors import DatasetError, MissingExtraError


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
        sources: what `read_faces` takes, at least one.
        out: the Parquet file to write; an earlier face set there is replaced.
        cutter: finds and cuts the faces.
        trust: the trust in labels for which neither a source nor its file states it, 0..1.
        against: held-out faces; faces that show the same image as one of them are dropped.
        compare: other faces; those that show the same image are counted, at one scale, and kept.
        licenses: none, one for all sources, or one for each.
        sheet: a PNG file to draw some faces of each emotion to, or None.
        progress: draw progress bars on standard error, if that is a terminal.

    Returns:
        The card.

    Raises:
        DatasetError: a source does not fit, `out` is another file, or the number of licenses is wrong.
        MissingExtraError: the extra "train" is not installed.
        RunError: `out` cannot be written.
    """
    if len(licenses) not in (0, 1, len(sources)):
        raise DatasetError(f"there must be one license, or one for each of {len(sources)} sources, got {len(licenses)}")
    if not 0.0 <= trust <= 1.0:
        raise DatasetError(f"trust must be in 0..1, got {trust}")
    _refuse_other(out)
    texts: Sequence[str | None] = licenses or [None]
    if len(texts) == 1:
        texts = [*texts] * len(sources)
    reads = [read_faces(source, cutter, trust=trust, progress=progress) for source in sources]
    faces = with_unique_ids(merge([read.faces for read in reads]))
    comparisons: list[Comparison] = []
    for source, dropped in [*((source, True) for source in against), *((source, False) for source in compare)]:
        read = read_faces(source, cutter, progress=progress)
        # What is only counted is not worth a search over scales.
        windows = WINDOWS if dropped else WINDOWS[:1]
        twins = find_twins(faces, read.faces.central, windows=windows, progress=progress)
        comparisons.append(Comparison(source, read, faces, twins, dropped))
        if dropped:
            faces = _without(faces, [twin.face for twin in twins])
    merged = merge_duplicates(faces, progress=progress)
    card = (
        describe_faces(merged.faces)
        | describe_cutter(cutter)
        | {
            "inputs": [describe_source(*inputs) for inputs in zip(sources, reads, texts, strict=True)],
            "against": describe_comparisons(comparisons),
            "duplicates_inside": describe_inside(faces, merged.dropped, merged.conflicts),
        }
    )
    write_face_set(merged.faces, out)
    write_face_card(card, out)
    if sheet is not None:
        _draw_sheet(merged.faces, sheet, out.name)
    return card


def _without(faces: FaceSet, dropped: Sequence[int]) -> FaceSet:
    kept = np.ones(len(faces), np.bool_)
    kept[list(dropped)] = False
    return faces.take(kept)


def _refuse_other(out: Path) -> None:
    """Raise where `out` is not a face set: it may be a source that exists once."""
    if out.exists() and not is_face_set(out):
        raise DatasetError(f"{out} must be a new file or a face set to replace, got another file; name another one")


def _draw_sheet(faces: FaceSet, sheet: Path, name: str) -> None:
    try:
        from mememoji.datasets.fer2013.dataset_figures import draw_faces
    except ImportError as error:
        raise MissingExtraError("train", "drawing faces") from error
    labeled = faces.take(faces.labels != UNLABELED)
    # Contempt counts as anger, as in the six emotions that the sheet shows.
    labels = np.where(labeled.labels < len(FER2013_LABELS), labeled.labels, 0).astype(np.int8)
    split = Split(np.arange(len(labeled), dtype=np.int32), labeled.central, labels, None)
    draw_faces(split, sheet, title=f"faces of {name}")
