"""The figures of the report on labeled images: confusion matrices, reliability, and the contact sheet of errors."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mememoji.emotions import FER2013_LABELS
from mememoji.evaluation.classification.classification_figures import (
    class_color,
    confusion,
    new_figure,
    reliability,
    save,
)
from mememoji.evaluation.classification.image_report import ImageEvaluation
from mememoji.evaluation.classification.readings import COMPOSITION, LABELS_SEVEN, LABELS_SIX, TITLES, readings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_ERRORS: Final = 60
"""The number of errors that the contact sheet shows at most."""

_COLUMNS: Final = 10
_CONFUSIONS: Final = {
    COMPOSITION: "images-composition.png",
    LABELS_SIX: "images-labels-6.png",
    LABELS_SEVEN: "images-labels-7.png",
}


def draw_images(evaluation: ImageEvaluation, folder: Path, *, pictures: bool = True) -> list[str]:
    """Draw what the evaluation has data for.

    Args:
        evaluation: the report, and the faces and predictions that it is about.
        folder: where the files go.
        images: draw the contact sheet of errors, which shows people's faces.

    Returns:
        The names of the files drawn.
    """
    found = evaluation.report.readings
    drawn = {_CONFUSIONS[name]: confusion(reading.scores) for name, reading in found.items()}
    drawn["images-reliability.png"] = reliability(
        {TITLES[name]: reading.calibration for name, reading in found.items()}
    )
    if pictures:
        sheet = error_sheet(evaluation)
        if sheet is not None:
            drawn["images-errors.png"] = sheet
    return save(drawn, folder)


def error_sheet(evaluation: ImageEvaluation) -> "Figure | None":
    """Draw the crops whose composition is wrong, most confident first; None where none is."""
    composition = readings(evaluation.prediction)[COMPOSITION]
    labels, probabilities = evaluation.labels, composition.probabilities
    confidence, choice = probabilities.max(axis=1), probabilities.argmax(axis=1)
    wrong = np.flatnonzero(~composition.is_right(labels))
    if not len(wrong):
        return None
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:MAX_ERRORS]
    rows = -(-len(shown) // _COLUMNS)
    figure = new_figure(1.35 * _COLUMNS, 0.6 + 1.75 * rows)
    grid = figure.subplots(rows, _COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, index in zip(grid.flat, shown, strict=False):
        axes.imshow(evaluation.faces.crops[0][index], cmap="gray", vmin=0, vmax=255)
        label, predicted = FER2013_LABELS[labels[index]], composition.classes[choice[index]]
        axes.set_title(label, color=class_color(label), fontsize=8, weight="bold", loc="left", pad=3)
        axes.text(
            0,
            -0.03,
            f"→ {predicted} {100 * confidence[index]:.0f}",
            transform=axes.transAxes,
            color=class_color(predicted),
            fontsize=7,
            verticalalignment="top",
        )
    figure.suptitle(
        f"{len(shown)} of {len(wrong):,} errors of the composition, most confident first: label → prediction, percent",
        fontsize=11,
    )
    return figure
