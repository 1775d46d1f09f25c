"""Metrics as CSV and as curves."""

from dataclasses import dataclass
from pathlib import Path

from mememoji.training.common.metrics_log import MetricCurve, plot_history, write_history_csv


@dataclass
class Metrics:
    epoch: int
    loss: float
    val_recall: float | None


ROWS = [Metrics(1, 0.123456789, None), Metrics(2, 0.1, 0.75)]


def test_write_history_csv_leaves_missing_values_empty(tmp_path: Path) -> None:
    write_history_csv(ROWS, tmp_path / "history.csv")
    assert (tmp_path / "history.csv").read_text().split() == ["epoch,loss,val_recall", "1,0.123457,", "2,0.1,0.75"]


def test_plot_history_skips_missing_values(tmp_path: Path) -> None:
    for rows in (ROWS[:1], ROWS):
        panels = {"Loss": [MetricCurve("loss", "train", "red")], "Recall": [MetricCurve("val_recall", "val", "blue")]}
        plot_history(rows, panels, tmp_path / "history.png")
        assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
