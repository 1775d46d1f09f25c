"""Run folder of a detector training: its metrics, and its checkpoints."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from mememoji.training.common.checkpoint import CHECKPOINT_FILE, Checkpoint, read_checkpoint
from mememoji.training.common.metrics_log import MetricCurve
from mememoji.training.detector.detector_config import DetectorTrainConfig

PRE_DECAY_FILE: Final = "pre_decay.pt"
"""The checkpoint before the learning rate starts to decay, from which a longer training can resume."""


@dataclass(frozen=True, slots=True)
class DetectorMetrics:
    """Metrics of one epoch.

    The losses are means over the training samples, `loss` with the weights of the config. `val_ap` is the average
    precision and `val_recall` the recall at a precision of 0.98, both for faces of 16 pixels and more at an IoU of
    0.4; they are None in epochs without validation.
    """

    epoch: int
    lr: float
    loss: float
    face_loss: float
    box_loss: float
    landmark_loss: float
    val_ap: float | None
    val_recall: float | None
    images_per_second: float
    seconds: float

    def describe(self, num_epochs: int) -> str:
        """Return the metrics as a line of a log."""
        validation = "" if self.val_ap is None else f", val average precision {self.val_ap:.3f}"
        return (
            f"epoch {self.epoch}/{num_epochs}: loss {self.loss:.3f}{validation}, lr {self.lr:.2g}, "
            f"{self.images_per_second:,.0f} images/s"
        )


HISTORY_PANELS: Final = {
    "Losses on train": (
        MetricCurve("face_loss", "faces", "#0072b2"),
        MetricCurve("box_loss", "boxes", "#d55e00"),
        MetricCurve("landmark_loss", "landmarks, 10 times", "#009e73", scale=10.0),
    ),
    "Val, faces of 16 pixels and more, %": (
        MetricCurve("val_ap", "average precision", "#8a8f98", scale=100.0),
        MetricCurve("val_recall", "recall at precision 98 %", "#d55e00", scale=100.0),
    ),
}
"""The curves of history.png."""

DetectorCheckpoint = Checkpoint[DetectorTrainConfig, DetectorMetrics]


def read_detector_checkpoint(
    run: Path, device: torch.device | str = "cpu", name: str = CHECKPOINT_FILE
) -> DetectorCheckpoint:
    """Read a run's checkpoint onto a device.

    Raises:
        RunError: The folder has no checkpoint.
        ModelError: The file is not a checkpoint of this version.
    """
    return read_checkpoint(run / name, DetectorTrainConfig, DetectorMetrics, device)
