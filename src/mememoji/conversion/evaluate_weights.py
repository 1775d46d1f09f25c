"""Evaluation of weights files on held-out images: calibration, and scores for their cards."""

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.conversion.convert_weights import write_calibrated
from mememoji.evaluation.classification.split_report import SplitEvaluation, evaluate
from mememoji.evaluation.temperature_scaling import HeadCalibration, calibrate
from mememoji.model_files import card_path


def calibrate_weights(
    weights: Path, data: Path, out: Path, *, progress: bool = False
) -> tuple[SplitEvaluation, dict[str, HeadCalibration]]:
    """Fit each head's calibration on held-out images and write calibrated weights.

    Args:
        weights: An ONNX file with its card beside it; an earlier calibration of it is ignored.
        data: A split file that the weights were not trained on: val.parquet.
        out: The file to write, possibly `weights` itself; its card gets the scores on `data` and the calibration error
            to expect on new images.
        progress: Whether to show progress on stderr.

    Returns:
        The evaluation of the calibrated weights, and the calibration by head.

    Raises:
        ModelError: The weights do not match their card.
        DatasetError: The split file is missing or has too few images.
    """
    with tempfile.TemporaryDirectory() as folder:
        uncalibrated = Path(folder, "uncalibrated.onnx")
        write_calibrated(weights, uncalibrated, {})
        before = evaluate(OnnxClassifier(uncalibrated), data, progress=progress)
    heads = calibrate(before.predictions.single, before.split)
    write_calibrated(weights, out, {head: calibration.params for head, calibration in heads.items()})
    cross_fitted = {f"calibration_error_{head}_cross_fitted": round(c.cross_fitted, 5) for head, c in heads.items()}
    return evaluate_weights(out, data, cross_fitted, progress=progress), heads


def evaluate_weights(
    weights: Path, data: Path, extra_scores: Mapping[str, float] | None = None, *, progress: bool = False
) -> SplitEvaluation:
    """Evaluate weights on a split file and write the scores, and any extra ones, into their card."""
    evaluation = evaluate(OnnxClassifier(weights), data, progress=progress)
    card = ModelCard.read(card_path(weights))
    scores = {data.stem: evaluation.report.to_card_scores() | dict(extra_scores or {})}
    dataclasses.replace(card, scores=card.scores | scores).write(card_path(weights))
    return evaluation


def format_calibration(heads: Mapping[str, HeadCalibration]) -> list[str]:
    """Describe the calibration of each head in a line, with its calibration errors in percent."""
    return [
        f"{head}: temperature {c.params.temperature:.3f}, floor {c.params.prob_floor:.4f}; calibration error "
        f"{100 * c.before:.1f} before, {100 * c.cross_fitted:.1f} cross-fitted, {100 * c.after:.1f} after"
        for head, c in heads.items()
    ]
