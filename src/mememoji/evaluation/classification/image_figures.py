"""The figures of the report on labeled images: confusion matrices, reliability, and the contact sheet of errors."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mememoji.emotions import FER2013_LABELS
from mememoji.evaluation.classification.decision_rules import (
    COMPOSITION,
    LABELS_FER7,
    LABELS_SIX,
    RULE_TITLES,
    apply_decision_rules,
)
from mememoji.evaluation.classification.image_report import ImageEvaluation
from mememoji.evaluation.plots import create_figure, get_class_color, plot_confusion, plot_reliability, save_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_ERRORS: Final = 60
"""The maximum number of errors on the contact sheet."""

_COLUMNS: Final = 10
_CONFUSION_FILES: Final = {
    COMPOSITION: "images-composition.png",
    LABELS_SIX: "images-labels-6.png",
    LABELS_FER7: "images-labels-7.png",
}


def draw_image_figures(evaluation: ImageEvaluation, folder: Path, *, show_faces: bool = True) -> list[str]:
    """Draw the figures for which the evaluation has data.

    Args:
        evaluation: The report with its faces and predictions.
        folder: The folder for the files.
        show_faces: Whether to draw the contact sheet of errors, which shows people's faces.

    Returns:
        The names of the files.
    """
    rules = evaluation.report.decision_rules
    figures = {_CONFUSION_FILES[name]: plot_confusion(rule.scores) for name, rule in rules.items()}
    figures["images-reliability.png"] = plot_reliability(
        {RULE_TITLES[name]: rule.calibration for name, rule in rules.items()}
    )
    if show_faces:
        sheet = plot_errors(evaluation)
        if sheet is not None:
            figures["images-errors.png"] = sheet
    return save_figures(figures, folder)


def plot_errors(evaluation: ImageEvaluation) -> "Figure | None":
    """Plot the crops whose composition is wrong, most confident first; None without errors."""
    composition = apply_decision_rules(evaluation.prediction)[COMPOSITION]
    labels, probabilities = evaluation.labels, composition.probabilities
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    errors = np.flatnonzero(~composition.is_correct(labels))
    if not len(errors):
        return None
    shown = errors[np.argsort(-confidence[errors], kind="stable")][:MAX_ERRORS]
    rows = -(-len(shown) // _COLUMNS)
    figure = create_figure(1.35 * _COLUMNS, 0.6 + 1.75 * rows)
    grid = figure.subplots(rows, _COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, index in zip(grid.flat, shown, strict=False):
        axes.imshow(evaluation.faces.crops[0][index], cmap="gray", vmin=0, vmax=255)
        label, name = FER2013_LABELS[labels[index]], composition.classes[predicted[index]]
        axes.set_title(label, color=get_class_color(label), fontsize=8, weight="bold", loc="left", pad=3)
        axes.text(
            0,
            -0.03,
            f"→ {name} {100 * confidence[index]:.0f}",
            transform=axes.transAxes,
            color=get_class_color(name),
            fontsize=7,
            verticalalignment="top",
        )
    figure.suptitle(
        f"{len(shown)} of {len(errors):,} errors of the composition, most confident first: label → prediction, percent",
        fontsize=11,
    )
    return figure
