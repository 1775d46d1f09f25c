"""The figures of the report on a split: confusion matrices, reliability diagrams and example images."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mememoji.emotions import EMOTIONS, FER2013_LABELS, LABELS_TO_SIX, map_classes
from mememoji.evaluation.classification.scores import map_labels_to_six
from mememoji.evaluation.classification.split_report import SplitEvaluation
from mememoji.evaluation.metrics import true_class_rank
from mememoji.evaluation.plots import (
    TEXT_COLOR,
    create_figure,
    get_class_color,
    hide_spines,
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
    figure = create_figure(2.5 * _COLUMNS, 0.5 + 1.75 * rows)
    grid = figure.subplots(rows, 2 * _COLUMNS, squeeze=False, width_ratios=(1, 1) * _COLUMNS)
    for axes in grid.flat:
        axes.set_axis_off()
    ranks = true_class_rank(six, truth)
    for number, index in enumerate(chosen):
        row, column = divmod(number, _COLUMNS)
        face, bars = grid[row, 2 * column], grid[row, 2 * column + 1]
        face.imshow(split.images[index], cmap="gray", vmin=0, vmax=255)
        label = FER2013_LABELS[split.labels[index]]
        mark = ("✓", "2nd", "3rd")[ranks[index]] if ranks[index] < 3 else "✗"
        face.set_title(f"{label}  {mark}", color=get_class_color(label), fontsize=9, weight="bold", loc="left")
        _plot_composition(bars, six[index], int(truth[index]))
    figure.suptitle(
        f"{len(chosen)} random images with their label: ✓ predicted, 2nd or 3rd by its rank, ✗ ranked lower",
        color=TEXT_COLOR,
        fontsize=11,
    )
    return figure


def _plot_composition(axes: "Axes", six: Float32Array, truth: int) -> None:
    axes.set_axis_on()
    order = np.argsort(-six, kind="stable")
    for row, emotion in enumerate(EMOTIONS):
        is_top_2 = row in order[:2]
        axes.barh(row, six[row], 0.72, color=emotion.color, alpha=1.0 if is_top_2 else 0.45)
        if is_top_2:
            rank = "1" if row == order[0] else "2"
            axes.text(float(six[row]) + 0.04, row, rank, va="center", fontsize=8, weight="bold", color=TEXT_COLOR)
    axes.set(xlim=(0, 1.12), ylim=(len(EMOTIONS) - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(len(EMOTIONS)), [emotion.value for emotion in EMOTIONS], fontsize=6.5)
    for row, label in enumerate(axes.get_yticklabels()):
        label.set_color(EMOTIONS[row].color)
        if row == truth:
            label.set_fontweight("bold")
            label.set_bbox({"boxstyle": "round,pad=0.15", "facecolor": "none", "edgecolor": EMOTIONS[row].color})
    axes.tick_params(length=0, pad=3)
    hide_spines(axes)
