"""Run folder of a classifier training: its metrics, and its checkpoint."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.common.checkpoint import CHECKPOINT_FILE, Checkpoint, read_checkpoint
from mememoji.training.common.metrics_log import MetricCurve


@dataclass(frozen=True, slots=True)
class ClassifierMetrics:
    """Metrics of one epoch.

    Accuracies are fractions of correct predictions over 7 classes, single pass. `train_accuracy` is measured on
    augmented images with dropout, so it may stay below `val_accuracy`.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    images_per_second: float
    seconds: float

    def describe(self, num_epochs: int) -> str:
        """Return the metrics as a line of a log."""
        return (
            f"epoch {self.epoch}/{num_epochs}: loss {self.train_loss:.3f}, val loss {self.val_loss:.3f}, "
            f"val accuracy {self.val_accuracy:.1%}, lr {self.lr:.2g}, {self.images_per_second:,.0f} images/s"
        )


HISTORY_PANELS: Final = {
    "Loss": (MetricCurve("train_loss", "train", "#8a8f98"), MetricCurve("val_loss", "val", "#d55e00")),
    "Accuracy, %": (
        MetricCurve("train_accuracy", "train", "#8a8f98", scale=100.0),
        MetricCurve("val_accuracy", "val", "#d55e00", scale=100.0, annotate_max=True),
    ),
}
"""The curves of history.png."""

ClassifierCheckpoint = Checkpoint[ClassifierTrainConfig, ClassifierMetrics]


def read_classifier_checkpoint(run: Path, device: torch.device | str = "cpu") -> ClassifierCheckpoint:
    """Read a run's checkpoint onto a device.

    Raises:
        RunError: The folder has no checkpoint.
        ModelError: The file is not a checkpoint of this version.
    """
    return read_checkpoint(run / CHECKPOINT_FILE, ClassifierTrainConfig, ClassifierMetrics, device)
