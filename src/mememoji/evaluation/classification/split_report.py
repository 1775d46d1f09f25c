"""The report on a classifier and a split, and the evaluation that produces it."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mememoji.classification.face_classifier import FaceClassifier
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.splits import Split, read_split
from mememoji.errors import DatasetError, ModelError
from mememoji.evaluation.agreement import Baselines, compute_baselines
from mememoji.evaluation.classification.decision_rules import Comparison, compare
from mememoji.evaluation.classification.scores import PredictionScores, score_prediction
from mememoji.evaluation.classification.tta import SplitPredictions, predict_with_tta
from mememoji.evaluation.report_folder import to_json_types
from mememoji.model_files import compute_sha256
from mememoji.version import __version__

FORMAT: Final = 1
"""The version of the format of `report.json`."""


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The results of an evaluation on a split.

    Attributes:
        weights: The classifier's weights, as `describe_weights` returns them.
        data: The split file's name and hash, and its numbers of images and of images with votes.
        mememoji: The version of this package.
        date: ISO 8601, UTC.
        seed: The seed of the example images and of the human panel's splits.
        single: The scores of a single pass, which users get.
        hflip_tta: The scores with horizontal-flip test-time augmentation.
        baselines: The baselines of the agreement with the votes; None for a split without votes.
        comparison: The comparison with a second classifier, or None.
    """

    weights: dict[str, Any]
    data: dict[str, Any]
    mememoji: str
    date: str
    seed: int
    single: PredictionScores
    hflip_tta: PredictionScores
    baselines: dict[str, Baselines] | None
    comparison: Comparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers that `json.dumps` takes; what was not measured is None.

        The scores of the single pass are at the top level (`six.recall.happy`), the others under `hflip_tta`.
        """
        content: dict[str, Any] = to_json_types(dataclasses.asdict(self))
        single = content.pop("single")
        hflip_tta = content.pop("hflip_tta")
        return {"format": FORMAT, **content, **single, "hflip_tta": hflip_tta}

    def to_card_scores(self) -> dict[str, float]:
        """Return the main scores by name, for a model card; what was not measured is left out."""
        scores: dict[str, float] = {"images": float(self.data["images"])}
        for suffix, predictions in (("", self.single), ("_tta", self.hflip_tta)):
            if predictions.fer7 is not None and predictions.six is not None:
                scores[f"accuracy_7{suffix}"] = predictions.fer7.accuracy
                scores[f"accuracy_6{suffix}"] = predictions.six.accuracy
                scores[f"macro_f1_7{suffix}"] = predictions.fer7.macro_f1
        for head, reliability in self.single.calibration.items():
            scores[f"calibration_error_{head}"] = reliability.expected_calibration_error
        if self.single.votes is not None:
            scores["composition_total_variation"] = self.single.votes.six.total_variation
            scores["composition_cosine"] = self.single.votes.six.cosine
        return {name: round(value, 5) for name, value in scores.items()}


@dataclass(frozen=True, slots=True)
class SplitEvaluation:
    """A report with the split and the predictions behind it."""

    report: SplitReport
    split: Split
    predictions: SplitPredictions


def evaluate(
    classifier: FaceClassifier,
    data: Path,
    *,
    seed: int = 0,
    against: FaceClassifier | None = None,
    progress: bool = False,
) -> SplitEvaluation:
    """Classify the images of a split file and score the predictions.

    Args:
        classifier: The classifier to evaluate.
        data: A split file that `mememoji data prepare` wrote.
        seed: The seed of the human panel's splits and of the example images.
        against: A second classifier, for a paired comparison on the same images; None for no comparison.
        progress: Whether to show progress on stderr.

    Raises:
        DatasetError: The split file is missing or has no images.
        ModelError: A classifier takes crops of another size.
        MissingExtraError: pyarrow is not installed.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from mememoji.classification.fake_classifier import FakeClassifier
        >>> from mememoji.datasets import Split, write_split
        >>> rows, crops = np.arange(4, dtype=np.int32), np.zeros((4, 48, 48), np.uint8)
        >>> happy_and_sad = Split(rows, crops, np.array([3, 3, 3, 4], np.int8), None)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_split(happy_and_sad, Path(folder, "val.parquet"))
        ...     evaluation = evaluate(FakeClassifier({"happy": 1.0}), Path(folder, "val.parquet"))
        >>> evaluation.report.single.six_from_ferplus.accuracy
        0.75
    """
    for each in (classifier,) if against is None else (classifier, against):
        _check_input_size(each.card)
    split = read_split(data)
    if not len(split):
        raise DatasetError(f"{data} must hold images to evaluate on, got none; name another split file")
    predictions = predict_with_tta(classifier, split.images, progress=progress)
    comparison = None
    if against is not None:
        paired = compare(predictions.single, against.classify(split.images), split.labels)
        comparison = Comparison(describe_weights(against.card), paired)
    report = SplitReport(
        weights=describe_weights(classifier.card),
        data={
            "file": data.name,
            "sha256": compute_sha256(data),
            "images": len(split),
            "images_with_votes": 0 if split.votes is None else int((split.votes.sum(axis=1) > 0).sum()),
        },
        mememoji=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        single=score_prediction(predictions.single, split),
        hflip_tta=score_prediction(predictions.hflip_tta, split),
        baselines=None if split.votes is None else compute_baselines(split.votes, seed=seed),
        comparison=comparison,
    )
    return SplitEvaluation(report, split, predictions)


def _check_input_size(card: ModelCard) -> None:
    if card.input_size != CROP_SIZE:
        raise ModelError(
            f"the classifier must take the {CROP_SIZE}x{CROP_SIZE} crops of split files, got {card.name!r}, which "
            f"takes {card.input_size}x{card.input_size}; name another one"
        )


def describe_weights(card: ModelCard) -> dict[str, Any]:
    """Return the entries of a model card that identify the weights in a report."""
    return {
        "name": card.name,
        "network": card.network,
        "num_parameters": card.num_parameters,
        "sha256": card.sha256,
        "precision": card.precision,
        "temperatures": dict(card.temperatures),
        "prob_floors": dict(card.prob_floors),
    }
