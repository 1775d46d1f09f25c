"""A training's history: one row an epoch, as CSV and as curves."""

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's figures; accuracies are fractions of 7-class right answers, single pass.

    `train_accuracy` counts on augmented images with dropout on, so it may stay under `val_accuracy`.
    """

    epoch: int
    rate: float
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    pictures_per_second: float
    seconds: float


def write_history(epochs: Sequence[Any], path: Path) -> None:
    """Write all epochs, dataclasses of numbers, as CSV with their fields' names as a header.

    What is None stays empty. An older file is replaced at once or not at all.
    """
    columns = [field.name for field in dataclasses.fields(epochs[0])]
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for epoch in epochs:
            figures = dataclasses.asdict(epoch)
            writer.writerow({name: "" if value is None else f"{value:.6g}" for name, value in figures.items()})
    partial.replace(path)


def read_history(path: Path) -> list[Epoch]:
    """Read what `write_history` wrote of `Epoch`s."""
    columns = [field.name for field in dataclasses.fields(Epoch)]
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [Epoch(int(row["epoch"]), *(float(row[name]) for name in columns[1:])) for row in rows]


def draw_history(epochs: list[Epoch], path: Path) -> None:
    """Draw loss and accuracy over epochs as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    numbers = [epoch.epoch for epoch in epochs]
    for axes, title, name, factor in ((loss, "Loss", "loss", 1.0), (accuracy, "Accuracy, %", "accuracy", 100.0)):
        for part, color in (("train", "#8a8f98"), ("val", "#d55e00")):
            values = [getattr(epoch, f"{part}_{name}") * factor for epoch in epochs]
            axes.plot(numbers, values, color=color, label=part, linewidth=1.8, marker="o", markersize=2.5)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    best = max(epochs, key=lambda epoch: epoch.val_accuracy)
    accuracy.annotate(
        f"{best.val_accuracy:.1%}",
        (best.epoch, best.val_accuracy * 100),
        xytext=(0, -18),
        textcoords="offset points",
        ha="center",
    )
    accuracy.margins(y=0.15)
    loss.legend(frameon=False)
    figure.savefig(path, dpi=150)
