"""A detector training's history: one row an epoch, as CSV and as curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DetectorEpoch:
    """One epoch's figures.

    The losses are means over train's scenes, `loss` with the weights of the recipe; `val_ap` is the average precision
    and `val_recall` the recall at a precision of 0.98, both for faces of 16 pixels and more at an IoU of 0.4. Both are
    None where val was not judged.
    """

    epoch: int
    rate: float
    loss: float
    face_loss: float
    box_loss: float
    landmark_loss: float
    val_ap: float | None
    val_recall: float | None
    pictures_per_second: float
    seconds: float


def draw_history(epochs: Sequence[DetectorEpoch], path: Path) -> None:
    """Draw losses and val's figures over epochs as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, val = figure.subplots(1, 2)
    lines = (
        (losses, "face_loss", "faces", "#0072b2", 1.0),
        (losses, "box_loss", "boxes", "#d55e00", 1.0),
        (losses, "landmark_loss", "landmarks, 10 times", "#009e73", 10.0),
        (val, "val_ap", "average precision", "#8a8f98", 100.0),
        (val, "val_recall", "recall at precision 98 %", "#d55e00", 100.0),
    )
    for axes, name, label, color, factor in lines:
        # Without the gaps: a line is not drawn from or to a figure that is missing.
        taken = [(epoch.epoch, value * factor) for epoch in epochs if (value := getattr(epoch, name)) is not None]
        axes.plot([number for number, _ in taken], [value for _, value in taken], color=color, label=label, lw=1.6)
    for axes, title in ((losses, "Losses on train"), (val, "Val, faces of 16 pixels and more, %")):
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
