"""A detector training's history: one row an epoch, as CSV and as curves."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DetectorEpoch:
    """One epoch's figures.

    The losses are means over train's scenes, `loss` with the weights of the recipe; `val_ap` is the average precision
    and `val_recall` the recall at a precision of 0.98, both for faces of 16 pixels and more at an IoU of 0.4.
    """

    epoch: int
    rate: float
    loss: float
    face_loss: float
    box_loss: float
    landmark_loss: float
    val_ap: float
    val_recall: float
    pictures_per_second: float
    seconds: float


def draw_history(epochs: list[DetectorEpoch], path: Path) -> None:
    """Draw losses and val's figures over epochs as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, val = figure.subplots(1, 2)
    numbers = [epoch.epoch for epoch in epochs]
    lines = (
        (losses, "face_loss", "faces", "#0072b2", 1.0),
        (losses, "box_loss", "boxes", "#d55e00", 1.0),
        (losses, "landmark_loss", "landmarks, 10 times", "#009e73", 10.0),
        (val, "val_ap", "average precision", "#8a8f98", 100.0),
        (val, "val_recall", "recall at precision 98 %", "#d55e00", 100.0),
    )
    for axes, name, label, colour, factor in lines:
        values = [getattr(epoch, name) * factor for epoch in epochs]
        axes.plot(numbers, values, color=colour, label=label, linewidth=1.6)
    for axes, title in ((losses, "Losses on train"), (val, "Val, faces of 16 pixels and more, %")):
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
