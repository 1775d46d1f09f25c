"""The report on a classifier and labeled images, end to end: detection, cropping and classification as users get it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.analyzer import Analyzer
from mememoji.classification.face_classifier import FaceClassifier, Prediction
from mememoji.evaluation.classification.decision_rules import (
    ClassProbabilities,
    Comparison,
    RuleScores,
    apply_decision_rules,
    compare,
    score_rule,
)
from mememoji.evaluation.classification.labeled_faces import LabeledFaces, find_labeled_faces
from mememoji.evaluation.classification.split_report import describe_weights
from mememoji.evaluation.report_folder import to_json_types
from mememoji.model_files import compute_sha256
from mememoji.results import FACE_THRESHOLD
from mememoji.types import Int64Array
from mememoji.version import __version__

IMAGES_FORMAT: Final = 1
"""The version of the format of `images.json`."""


@dataclass(frozen=True, slots=True)
class SourceScores:
    """Scores of the images of one source.

    Attributes:
        images: The number of images.
        no_face: The number of images in which no face was found.
        accuracy: The accuracy by decision rule, 0..1; images without a face are errors.
    """

    images: int
    no_face: int
    accuracy: dict[str, float]


@dataclass(frozen=True, slots=True)
class ImageReport:
    """The results of an evaluation on labeled images.

    Attributes:
        weights: The classifier's weights, as `describe_weights` returns them.
        detector: Its name, margin and alignment, and whether the stored boxes replaced it (`use_boxes`).
        data: The dataset's name, its hash if it is a file, and the numbers of images, faces and skipped images.
        mememoji: The version of this package.
        date: ISO 8601, UTC.
        no_face_rate: The fraction of images in which no face was found, 0..1.
        false_rejection_rate: The fraction of faces that the classifier rejects as non-faces, with a face score below
            `FACE_THRESHOLD`; None for weights without such a score, NaN without faces.
        decision_rules: Scores by decision rule, the composition that users see first.
        by_source: Scores by source, if there are several.
        comparison: The comparison with a second classifier, or None.
    """

    weights: dict[str, Any]
    detector: dict[str, Any]
    data: dict[str, Any]
    mememoji: str
    date: str
    no_face_rate: float
    false_rejection_rate: float | None
    decision_rules: dict[str, RuleScores]
    by_source: dict[str, SourceScores]
    comparison: Comparison | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers that `json.dumps` takes; what was not measured is None."""
        content: dict[str, Any] = to_json_types(dataclasses.asdict(self))
        for name, rule in self.decision_rules.items():
            scores = content["decision_rules"][name].pop("scores")
            lowest, recall = rule.scores.lowest_recall
            extra = to_json_types({"lowest_recall": {"class": lowest, "recall": recall}})
            content["decision_rules"][name] = {**scores, **extra, **content["decision_rules"][name]}
        return {"format": IMAGES_FORMAT, **content}


@dataclass(frozen=True, slots=True, eq=False)
class ImageEvaluation:
    """A report with the faces and the predictions behind it.

    Attributes:
        report: The report.
        faces: The labeled images and the crops of their faces.
        prediction: The classifier's prediction for the M faces that were found.
    """

    report: ImageReport
    faces: LabeledFaces
    prediction: Prediction

    @property
    def labels(self) -> Int64Array:
        """(M,) int64, the labels of the faces that were found."""
        return np.asarray(self.faces.labels[self.faces.has_face])


def evaluate_images(
    analyzer: Analyzer,
    path: Path,
    *,
    use_boxes: bool = False,
    against: FaceClassifier | None = None,
    progress: bool = False,
) -> ImageEvaluation:
    """Evaluate an analyzer on the largest face of each labeled image.

    Args:
        analyzer: The analyzer to evaluate.
        path: Class folders or a Parquet file, see `find_labeled_faces`.
        use_boxes: Whether to use the boxes and landmarks of the Parquet file instead of running the detector.
        against: A second classifier, for a paired comparison on the same faces; None for no comparison.
        progress: Whether to show progress on stderr.

    Raises:
        DatasetError: The file or folder is missing or holds no labeled images.
        MissingExtraError: pyarrow is not installed.
    """
    analyzers = [analyzer]
    if against is not None:
        analyzers.append(
            Analyzer(analyzer.detector, against, margin=analyzer.margin, align=analyzer.align, limits=analyzer.limits)
        )
    faces = find_labeled_faces(path, analyzers, use_boxes=use_boxes, progress=progress)
    predictions = [each.classifier.classify(crops) for each, crops in zip(analyzers, faces.crops, strict=True)]
    labels, no_face = faces.labels[faces.has_face], faces.labels[~faces.has_face]
    rules = apply_decision_rules(predictions[0])
    comparison = None
    if against is not None:
        paired = compare(predictions[0], predictions[1], labels, num_no_face=len(no_face))
        comparison = Comparison(describe_weights(against.card), paired)
    report = ImageReport(
        weights=describe_weights(analyzer.classifier.card),
        detector={
            "name": analyzer.detector.name,
            "margin": analyzer.margin,
            "align": analyzer.align,
            "use_boxes": use_boxes,
        },
        data={
            "name": _name_dataset(path),
            "sha256": compute_sha256(path) if path.is_file() else None,
            "images": len(faces),
            "faces": len(labels),
            "skipped": dataclasses.asdict(faces.skipped),
        },
        mememoji=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        no_face_rate=len(no_face) / len(faces),
        false_rejection_rate=_compute_false_rejection_rate(predictions[0]),
        decision_rules={name: score_rule(rule, labels, no_face=no_face) for name, rule in rules.items()},
        by_source=_score_sources(faces, rules),
        comparison=comparison,
    )
    return ImageEvaluation(report, faces, predictions[0])


def _name_dataset(path: Path) -> str:
    """Return a folder's name, or a file's name with its folder's, since many files are called val.parquet."""
    full = path.resolve()
    return full.name if full.is_dir() else f"{full.parent.name}/{full.name}"


def _compute_false_rejection_rate(prediction: Prediction) -> float | None:
    face_scores = prediction.compute_face_scores()
    if face_scores is None:
        return None
    return float((face_scores < FACE_THRESHOLD).mean()) if len(face_scores) else float("nan")


def _score_sources(faces: LabeledFaces, rules: Mapping[str, ClassProbabilities]) -> dict[str, SourceScores]:
    sources = sorted(set(faces.sources))
    if len(sources) < 2:
        return {}
    is_correct = {}
    for name, rule in rules.items():
        is_correct[name] = np.zeros(len(faces), np.bool_)
        is_correct[name][faces.has_face] = rule.is_correct(faces.labels[faces.has_face])
    by_source = {}
    for source in sources:
        own = np.array([other == source for other in faces.sources])
        accuracy = {name: float(rows[own].mean()) for name, rows in is_correct.items()}
        by_source[source] = SourceScores(int(own.sum()), int((own & ~faces.has_face).sum()), accuracy)
    return by_source
