"""The report on a classifier and labeled images, end to end: detector, crop and classifier as users get them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.analyzer import Analyzer
from mememoji.classification.onnx_classifier import FaceClassifier, Prediction
from mememoji.evaluation.classification.labeled_faces import LabeledFaces, find_labeled_faces
from mememoji.evaluation.classification.readings import (
    Comparison,
    Reading,
    ReadingScores,
    compare,
    readings,
    score_reading,
)
from mememoji.evaluation.classification.report import describe_weights, to_plain
from mememoji.model_files import sha256_of
from mememoji.results import CLEAR
from mememoji.version import __version__

IMAGES_FORMAT: Final = 1
"""The version of the form of `images.json`."""


@dataclass(frozen=True, slots=True)
class SourceScores:
    """Scores of the images of one source.

    Attributes:
        images: their number.
        no_face: the number of those in which no face was found.
        accuracy: by reading, 0..1; images without a face are errors.
    """

    images: int
    no_face: int
    accuracy: dict[str, float]


@dataclass(frozen=True, slots=True)
class ImageReport:
    """What was measured on labeled images, and with what.

    Attributes:
        weights: the classifier's, as `describe_weights` gives them.
        detector: name, margin, upright, and whether the stored boxes stood in for it (`use_boxes`).
        data: name, hash of a file, and the numbers of images and faces and of what was skipped.
        mememoji: the version.
        date: ISO 8601, UTC.
        no_face_rate: the fraction of images in which no face was found, 0..1.
        false_rejection_rate: the fraction of faces that the classifier takes for none: their face score is below
            `CLEAR`; None for weights that give no such score, NaN without faces.
        readings: by reading, the composition that users see first.
        by_source: by source, where there are several.
        comparison: with a second classifier, or None.
    """

    weights: dict[str, Any]
    detector: dict[str, Any]
    data: dict[str, Any]
    mememoji: str
    date: str
    no_face_rate: float
    false_rejection_rate: float | None
    readings: dict[str, ReadingScores]
    by_source: dict[str, SourceScores]
    comparison: Comparison | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers that `json.dumps` takes; what was not measured is None."""
        content: dict[str, Any] = to_plain(dataclasses.asdict(self))
        for name, reading in self.readings.items():
            scores = content["readings"][name].pop("scores")
            lowest, recall = reading.scores.lowest_recall
            extra = {
                "top_2_accuracy": reading.scores.top_2_accuracy,
                "lowest_recall": {"class": lowest, "recall": recall},
            }
            content["readings"][name] = {**scores, **to_plain(extra), **content["readings"][name]}
        return {"format": IMAGES_FORMAT, **content}


@dataclass(frozen=True, slots=True, eq=False)
class ImageEvaluation:
    """A report with what its figures are drawn from.

    Attributes:
        report: the report.
        faces: the images and the crops of their faces.
        prediction: of the M faces that were found.
    """

    report: ImageReport
    faces: LabeledFaces
    prediction: Prediction

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """(M,) the labels of the faces that were found."""
        return np.asarray(self.faces.labels[self.faces.has_face])


def evaluate_images(
    analyzer: Analyzer,
    path: Path,
    *,
    use_boxes: bool = False,
    against: FaceClassifier | None = None,
    progress: bool = False,
) -> ImageEvaluation:
    """Evaluate an analyzer on labeled images: in each the largest face counts.

    Args:
        analyzer: what is evaluated.
        path: class folders or a Parquet file, see `find_labeled_faces`.
        use_boxes: take the boxes and landmarks that the Parquet file holds instead of running the detector.
        against: a second classifier to compare with on the same faces.
        progress: show a progress bar on standard error if that is a terminal.

    Raises:
        DatasetError: no such file or folder, or nothing in it to measure on.
        MissingExtraError: pyarrow is not installed.
    """
    analyzers = [analyzer]
    if against is not None:
        analyzers.append(
            Analyzer(
                analyzer.detector, against, margin=analyzer.margin, upright=analyzer.upright, limits=analyzer.limits
            )
        )
    faces = find_labeled_faces(path, analyzers, use_boxes=use_boxes, progress=progress)
    predictions = [which.classifier.classify(crops) for which, crops in zip(analyzers, faces.crops, strict=True)]
    labels, no_face = faces.labels[faces.has_face], faces.labels[~faces.has_face]
    found = readings(predictions[0])
    comparison = None
    if against is not None:
        paired = compare(predictions[0], predictions[1], labels, no_face=len(no_face))
        comparison = Comparison(describe_weights(against.card), paired)
    report = ImageReport(
        weights=describe_weights(analyzer.classifier.card),
        detector={
            "name": analyzer.detector.name,
            "margin": analyzer.margin,
            "upright": analyzer.upright,
            "use_boxes": use_boxes,
        },
        data={
            "name": _name(path),
            "sha256": sha256_of(path) if path.is_file() else None,
            "images": len(faces),
            "faces": len(labels),
            "skipped": dataclasses.asdict(faces.skipped),
        },
        mememoji=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        no_face_rate=len(no_face) / len(faces),
        false_rejection_rate=_false_rejection_rate(predictions[0]),
        readings={name: score_reading(reading, labels, no_face=no_face) for name, reading in found.items()},
        by_source=_by_source(faces, found),
        comparison=comparison,
    )
    return ImageEvaluation(report, faces, predictions[0])


def _name(path: Path) -> str:
    """A folder's name; a file's with its folder's, since many files are called val.parquet."""
    full = path.resolve()
    return full.name if full.is_dir() else f"{full.parent.name}/{full.name}"


def _false_rejection_rate(prediction: Prediction) -> float | None:
    face_scores = prediction.face_likeness()
    if face_scores is None:
        return None
    return float((face_scores < CLEAR).mean()) if len(face_scores) else float("nan")


def _by_source(faces: LabeledFaces, found: Mapping[str, Reading]) -> dict[str, SourceScores]:
    sources = sorted(set(faces.sources))
    if len(sources) < 2:
        return {}
    right = {}
    for name, reading in found.items():
        right[name] = np.zeros(len(faces), np.bool_)
        right[name][faces.has_face] = reading.is_right(faces.labels[faces.has_face])
    by_source = {}
    for source in sources:
        own = np.array([other == source for other in faces.sources])
        accuracy = {name: float(rows[own].mean()) for name, rows in right.items()}
        by_source[source] = SourceScores(int(own.sum()), int((own & ~faces.has_face).sum()), accuracy)
    return by_source
