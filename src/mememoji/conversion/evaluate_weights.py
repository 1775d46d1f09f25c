"""Weights files measured on held-out images: calibrated by them, and scored in their cards."""

import dataclasses
import tempfile
from pathlib import Path

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.conversion.convert_weights import scale
from mememoji.evaluation.classification.report import Evaluation, evaluate
from mememoji.evaluation.temperature import HeadCalibration, calibrate
from mememoji.model_files import card_path


def calibrate_weights(
    weights: Path, data: Path, out: Path, *, progress: bool = False
) -> tuple[Evaluation, dict[str, HeadCalibration]]:
    """Fit each head's temperature and floor on held-out images and write weights that hold them.

    Args:
        weights: an ONNX file, its card beside it; an earlier calibration of it is set aside.
        data: a split file that the weights were not trained on: val.parquet.
        out: the file to write, perhaps `weights` itself; its card gets the scores on `data` and the calibration error
            to expect on other images.
        progress: show a progress bar on stderr where that is a terminal.

    Raises:
        ModelError: the weights do not fit their card.
        DatasetError: no split file, or too few images.
    """
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare.onnx")
        scale(weights, bare, {})
        first = evaluate(OnnxClassifier(bare), data, progress=progress)
    found = calibrate(first.passes.single, first.split)
    scale(weights, out, {head: calibration.scaling for head, calibration in found.items()})
    crossed = {f"calibration_error_{head}_cross_fitted": round(c.cross_fitted, 5) for head, c in found.items()}
    return score_weights(out, data, crossed, progress=progress), found


def score_weights(
    weights: Path, data: Path, further: dict[str, float] | None = None, *, progress: bool = False
) -> Evaluation:
    """Evaluate weights on a split file and write the scores, and further ones, into their card."""
    evaluation = evaluate(OnnxClassifier(weights), data, progress=progress)
    card = ModelCard.read(card_path(weights))
    scores = {data.stem: evaluation.report.headline() | (further or {})}
    dataclasses.replace(card, scores=card.scores | scores).write(card_path(weights))
    return evaluation
