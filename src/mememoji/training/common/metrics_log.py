"""Metrics log of a training: one row per epoch, as CSV and as curves."""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mememoji.atomic_file import atomic_write

HISTORY_CSV: Final = "history.csv"
HISTORY_PNG: Final = "history.png"


@dataclass(frozen=True, slots=True)
class MetricCurve:
    """A metric to plot over epochs.

    Attributes:
        metric: The field of the rows.
        label: The name in the legend.
        color: A matplotlib color.
        scale: Factor for the values: 100 for percent.
        annotate_max: Whether to write the largest value beside its point.
    """

    metric: str
    label: str
    color: str
    scale: float = 1.0
    annotate_max: bool = False


def write_history_csv(rows: Sequence[Any], path: Path) -> None:
    """Write metrics as CSV with a header, atomically; None becomes an empty cell.

    Args:
        rows: One dataclass of numbers per epoch, all of one type, at least one.
        path: The file to write.
    """
    columns = [field.name for field in dataclasses.fields(rows[0])]
    with atomic_write(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in rows:
            values = dataclasses.asdict(row)
            writer.writerow({name: "" if value is None else f"{value:.6g}" for name, value in values.items()})


def plot_history(rows: Sequence[Any], panels: Mapping[str, Sequence[MetricCurve]], path: Path) -> None:
    """Plot metrics over epochs as PNG.

    Args:
        rows: One dataclass per epoch, with a field `epoch`; a metric that is None leaves out its point.
        panels: The curves of each panel, by the panel's title.
        path: The file to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, (title, curves) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for curve in curves:
            points = [
                (row.epoch, value * curve.scale) for row in rows if (value := getattr(row, curve.metric)) is not None
            ]
            epochs, values = [epoch for epoch, _ in points], [value for _, value in points]
            axes.plot(epochs, values, color=curve.color, label=curve.label, linewidth=1.6, marker="o", markersize=2.5)
            if curve.annotate_max and values:
                highest = values.index(max(values))
                point = (epochs[highest], values[highest])
                axes.annotate(f"{point[1]:.1f}", point, xytext=(0, -18), textcoords="offset points", ha="center")
                axes.margins(y=0.15)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
