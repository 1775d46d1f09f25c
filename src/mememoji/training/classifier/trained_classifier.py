"""Trained classifier: export, calibration and evaluation of a network, after its training or from its run folder."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from torch import nn

from mememoji.conversion.evaluate_weights import calibrate_weights, evaluate_weights
from mememoji.datasets.fer2013.provenance import Provenance, read_provenance
from mememoji.datasets.negatives import LabeledCrops, read_crops
from mememoji.datasets.splits import Split, read_split
from mememoji.evaluation.classification.report_writer import write_split_report
from mememoji.evaluation.classification.split_report import SplitReport
from mememoji.evaluation.temperature_scaling import NUM_FOLDS, HeadCalibration
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_export import export_classifier
from mememoji.training.classifier.classifier_run import read_classifier_checkpoint
from mememoji.training.classifier.initialization import interpolate_weights, load_initial_weights
from mememoji.training.classifier.logit_adjustment import adjust_votes_head
from mememoji.training.classifier.networks import build_model
from mememoji.training.classifier.non_face_output import fit_non_face_output
from mememoji.training.common.device import choose_device
from mememoji.version import __version__

REPORT_FOLDER: Final = "report"
_NUM_CHECK_CROPS: Final = 256


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """Exported weights with their evaluation on val.

    Attributes:
        weights: The ONNX file; its card is beside it.
        report: Scores on val.
        calibrations: The calibration of each head; empty if val has too few images for one.
    """

    weights: Path
    report: SplitReport
    calibrations: dict[str, HeadCalibration]


def export_run(
    run: Path,
    data: Path,
    weights: Path,
    *,
    name: str = "classifier",
    negatives: Path | None = None,
    interpolate_with: Sequence[tuple[Path, float]] = (),
    tau: float = 0.0,
) -> TrainedClassifier:
    """Export the best weights of a run, finished or not, and evaluate them on val; the report is in RUN/report.

    Args:
        run: The run's folder.
        data: The folder that it was trained with; val.parquet and card.json are read, and train.parquet if the other
            arguments need it.
        weights: The ONNX file to write.
        name: The model's name in its card.
        negatives: A file of `mememoji data crops` on which the non-face output is fitted.
        interpolate_with: Run folders and weights files, each with the alpha at which the weights are interpolated: 0
            keeps this run's, 1 takes the other's. They are applied in turn.
        tau: Strength of the logit adjustment of the votes head, 0..1.

    Raises:
        RunError: The run has no checkpoint, or another one has another architecture.
        DatasetError: The data cannot be read.
    """
    checkpoint = read_classifier_checkpoint(run)
    config, remarks, best = checkpoint.config, checkpoint.remarks, checkpoint.best
    splits = read_splits(data, "val")
    provenance = read_provenance(data, splits)

    @functools.cache
    def read_train() -> Split:
        return read_splits(data, "train")["train"]

    for other, alpha in interpolate_with:
        # The norms of a weights file are estimated on train; a run has its norms.
        train_images = np.empty((0, 48, 48), np.uint8) if other.is_dir() else read_train().images
        best = interpolate_weights(best, load_initial_weights(other, config.model, train_images), alpha)
        remarks += f"; weights interpolated (alpha {alpha:g}) with {other.name}"
    model = build_model(config.model)
    model.load_state_dict(best)
    if tau > 0:
        adjust_votes_head(model, read_train(), tau)
        remarks += f"; logits of the votes head adjusted (tau {tau:g})"
    if negatives is not None:
        crops = read_crops(negatives)
        fit_non_face_output(
            model, read_train(), crops, choose_device(), augmentation=config.augmentation, seed=config.seed
        )
        remarks += f"; {describe_negatives(negatives, crops)}"
    provenance = dataclasses.replace(provenance, trained_on=provenance.trained_on + remarks)
    weights.parent.mkdir(parents=True, exist_ok=True)
    report = run / REPORT_FOLDER
    return export_and_evaluate(model, config, data, splits["val"], provenance, weights, report, name=name)


def export_and_evaluate(
    model: nn.Module,
    config: ClassifierTrainConfig,
    data: Path,
    val: Split,
    provenance: Provenance,
    weights: Path,
    report: Path,
    *,
    name: str,
) -> TrainedClassifier:
    """Export a network, calibrate it and evaluate it on val, and write the report.

    Args:
        model: The trained network.
        config: Its training's configuration.
        data: A folder with val.parquet.
        val: The split in that file.
        provenance: The description of the training data for the card.
        weights: The ONNX file to write.
        report: The folder for the report.
        name: The model's name in its card, without the version.
    """
    val_file = data / "val.parquet"
    export_classifier(
        model,
        weights,
        val.images[:_NUM_CHECK_CROPS],
        name=f"{name}-{__version__}",
        architecture=config.architecture,
        trained_on=provenance.trained_on,
        license=provenance.license,
        note=provenance.note,
    )
    calibrations: dict[str, HeadCalibration] = {}
    if len(val) < 2 * NUM_FOLDS:  # a first try with a handful of images should not fail at its end
        evaluation = evaluate_weights(weights, val_file, progress=True)
    else:
        evaluation, calibrations = calibrate_weights(weights, val_file, weights, progress=True)
    write_split_report(evaluation, report)
    return TrainedClassifier(weights, evaluation.report, calibrations)


def read_splits(data: Path, *names: str) -> dict[str, Split]:
    """Read split files of a prepared folder, by name."""
    return {name: read_split(data / f"{name}.parquet") for name in names}


def describe_negatives(negatives: Path, crops: LabeledCrops) -> str:
    """Describe the crops of a file on which the non-face output was fitted, for the card."""
    return f"non-face output fitted on {len(crops):,} crops ({negatives.name})"
