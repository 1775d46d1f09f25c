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
from mememoji.evaluation.plots import (
    create_sheet,
    draw_gray_image,
    get_class_color,
    plot_confusion,
    plot_reliability,
    save_figures,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_ERRORS: Final = 60
"""The maximum number of errors on the contact sheet."""

_COLUMNS: Final = 10
# Lengths in inches.
_CELL_WIDTH, _CELL_HEIGHT, _HEADER_HEIGHT = 1.35, 1.7, 0.5
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
    figure, axes = create_sheet(_CELL_WIDTH * _COLUMNS + 0.1, _HEADER_HEIGHT + _CELL_HEIGHT * rows)
    for number, index in enumerate(shown):
        row, column = divmod(number, _COLUMNS)
        left, top = 0.1 + _CELL_WIDTH * column, _HEADER_HEIGHT + _CELL_HEIGHT * row
        label, name = FER2013_LABELS[labels[index]], composition.classes[predicted[index]]
        prediction = f"→ {name} {100 * confidence[index]:.0f}"
        axes.text(left, top + 0.1, label, color=get_class_color(label), fontsize=8, weight="bold", va="center")
        draw_gray_image(axes, evaluation.faces.crops[0][index], left, top + 0.2, _CELL_WIDTH - 0.1)
        bottom = top + _CELL_WIDTH + 0.2
        axes.text(left, bottom, prediction, color=get_class_color(name), fontsize=7, va="center")
    title = (
        f"{len(shown)} of {len(errors):,} errors of the composition, most confident first: label → prediction, percent"
    )
    axes.text(axes.get_xlim()[1] / 2, _HEADER_HEIGHT / 2, title, fontsize=11, ha="center", va="center")
    return figure
