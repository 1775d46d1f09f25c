"""The figures of the report on a split: confusion matrices, reliability diagrams and example images."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mememoji.emotions import EMOTIONS, FER2013_LABELS, LABELS_TO_SIX, map_classes
from mememoji.evaluation.classification.scores import map_labels_to_six
from mememoji.evaluation.classification.split_report import SplitEvaluation
from mememoji.evaluation.metrics import true_class_rank
from mememoji.evaluation.plots import (
    TEXT_COLOR,
    create_sheet,
    draw_gray_image,
    get_class_color,
    plot_confusion,
    plot_reliability,
    save_figures,
)
from mememoji.types import Float32Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLIT_FIGURES: Final = ("confusion-7.png", "confusion-6.png", "reliability.png", "examples.png")
"""Every file that `draw_split_figures` may write."""

NUM_EXAMPLES: Final = 24

_COLUMNS: Final = 6
# Lengths in inches.
_CELL_WIDTH, _CELL_HEIGHT, _HEADER_HEIGHT = 2.55, 1.55, 0.5
_IMAGE_SIZE, _BAR_WIDTH = 1.15, 0.62


def draw_split_figures(evaluation: SplitEvaluation, folder: Path, *, show_faces: bool = True) -> list[str]:
    """Draw the figures for which the evaluation has data.

    Args:
        evaluation: The report with its split and predictions.
        folder: The folder for the files.
        show_faces: Whether to draw the examples, which show people's faces.

    Returns:
        The names of the files, in the order of `SPLIT_FIGURES`.
    """
    single = evaluation.report.single
    figures: dict[str, Figure] = {}
    if single.fer7 is not None:
        figures["confusion-7.png"] = plot_confusion(single.fer7)
    if single.six is not None:
        figures["confusion-6.png"] = plot_confusion(single.six)
    if single.calibration:
        figures["reliability.png"] = plot_reliability(single.calibration)
    if show_faces:
        figures["examples.png"] = plot_examples(evaluation)
    return save_figures(figures, folder)


def plot_examples(evaluation: SplitEvaluation) -> "Figure":
    """Plot random images with their compositions: the two largest fractions numbered, the label outlined."""
    split, prediction = evaluation.split, evaluation.predictions.single
    labels = prediction.labels
    six = prediction.compute_compositions() if labels is None else map_classes(labels, LABELS_TO_SIX)
    truth = map_labels_to_six(split.labels)
    rng = np.random.default_rng(evaluation.report.seed)
    chosen = rng.choice(len(split), min(NUM_EXAMPLES, len(split)), replace=False)
    rows = -(-len(chosen) // _COLUMNS)
    figure, axes = create_sheet(_CELL_WIDTH * _COLUMNS + 0.1, _HEADER_HEIGHT + _CELL_HEIGHT * rows)
    ranks = true_class_rank(six, truth)
    for number, index in enumerate(chosen):
        row, column = divmod(number, _COLUMNS)
        left, top = 0.1 + _CELL_WIDTH * column, _HEADER_HEIGHT + _CELL_HEIGHT * row
        label = FER2013_LABELS[split.labels[index]]
        mark = ("✓", "2nd", "3rd")[ranks[index]] if ranks[index] < 3 else "✗"
        color = get_class_color(label)
        axes.text(left, top + 0.12, f"{label}  {mark}", color=color, fontsize=9, weight="bold", va="center")
        draw_gray_image(axes, split.images[index], left, top + 0.25, _IMAGE_SIZE)
        _draw_composition(axes, six[index], int(truth[index]), left + _IMAGE_SIZE + 0.52, top + 0.25)
    axes.text(
        axes.get_xlim()[1] / 2,
        _HEADER_HEIGHT / 2,
        f"{len(chosen)} random images with their label: ✓ predicted, 2nd or 3rd by its rank, ✗ ranked lower",
        color=TEXT_COLOR,
        fontsize=11,
        ha="center",
        va="center",
    )
    return figure


def _draw_composition(axes: "Axes", six: Float32Array, truth: int, left: float, top: float) -> None:
    """Draw the six fractions as bars beside an image, with their names to the left of `left`."""
    order = np.argsort(-six, kind="stable")
    height = _IMAGE_SIZE / len(EMOTIONS)
    centers = top + height * (np.arange(len(EMOTIONS)) + 0.5)
    colors = [(emotion.color, 1.0 if row in order[:2] else 0.45) for row, emotion in enumerate(EMOTIONS)]
    axes.barh(centers, _BAR_WIDTH * six, 0.72 * height, left, color=colors)
    for row, (emotion, center) in enumerate(zip(EMOTIONS, centers, strict=True)):
        box = {"boxstyle": "round,pad=0.15", "facecolor": "none", "edgecolor": emotion.color}
        style: dict[str, Any] = {"weight": "bold", "bbox": box} if row == truth else {}
        axes.text(left - 0.05, center, emotion, color=emotion.color, fontsize=6.5, ha="right", va="center", **style)
    for rank, row in enumerate(order[:2], 1):
        end = left + _BAR_WIDTH * float(six[row]) + 0.03
        axes.text(end, centers[row], str(rank), va="center", fontsize=8, weight="bold", color=TEXT_COLOR)
