"""Plots that several reports share: confusion matrices and reliability diagrams, drawn off screen."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mememoji.emotions import EMOTIONS, FER2013_LABELS, LABELS_TO_SIX
from mememoji.errors import MissingExtraError
from mememoji.evaluation.classification.scores import ClassScores
from mememoji.evaluation.reliability import Reliability
from mememoji.types import UInt8Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_COLOR: Final = "#23272e"

_GRAY: Final = "#8b929c"
_DPI: Final = 150


def require_matplotlib() -> None:
    """Raise MissingExtraError if matplotlib is not installed."""
    create_figure(1, 1)


def create_figure(width: float, height: float) -> "Figure":
    """Create a figure of a size in inches, without pyplot, which keeps every figure alive and needs a display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("train", "drawing the figures of a report") from error
    return Figure(figsize=(width, height))


def create_sheet(width: float, height: float) -> "tuple[Figure, Axes]":
    """Create a figure of a size in inches and axes over all of it, in inches from the top left.

    A sheet with many small images is drawn several times faster on these axes than with axes for each image.
    """
    figure = create_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.set_axis_off()
    return figure, axes


def draw_gray_image(axes: "Axes", image: UInt8Array, left: float, top: float, size: float) -> None:
    """Draw a grayscale image of shape (H, W) into a square of the axes of a sheet; lengths in inches."""
    extent = (left, left + size, top + size, top)
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto")


def set_margins(figure: "Figure", *, left: float, right: float, top: float, bottom: float, **spacing: float) -> None:
    """Set the margins of a figure's axes in inches; fixed margins are faster than measuring each text twice."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, **spacing)


def save_figures(figures: "Mapping[str, Figure]", folder: Path) -> list[str]:
    """Save figures under their names in a folder, and return the names."""
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=_DPI, facecolor="white")
    return list(figures)


def plot_confusion(scores: ClassScores) -> "Figure":
    """Plot the confusion matrix with counts; each row is tinted in its emotion's color by the fraction of the row.

    If images without a face are part of the scores, they have a last column of their own.
    """
    counts = np.array(scores.confusion)
    columns = scores.classes
    if scores.no_face:
        counts = np.column_stack([counts, [scores.no_face[name] for name in scores.classes]])  # (C, C + 1)
        columns = (*columns, "no face")
    fractions = np.divide(counts, counts.sum(axis=1, keepdims=True), out=np.zeros(counts.shape), where=counts > 0)
    colors = np.array([_to_rgb(get_class_color(name)) for name in scores.classes])[:, None]  # (C, 1, 3)
    tints = 1 - fractions[:, :, None] * (1 - colors)  # (C, columns, 3), white to color
    num_classes = len(scores.classes)
    figure = create_figure(1.5 + 0.92 * len(columns), 1.5 + 0.82 * num_classes)
    set_margins(figure, left=1.15, right=0.1, top=1.2, bottom=0.15)
    axes = figure.subplots()
    axes.imshow(tints, aspect="auto")
    for row in range(num_classes):
        for column in range(len(columns)):
            is_dark = float(tints[row, column] @ (0.299, 0.587, 0.114)) < 0.62
            color = "white" if is_dark else TEXT_COLOR if counts[row, column] else _GRAY
            weight = "bold" if row == column else "normal"
            count, percent = f"{counts[row, column]:,}", f"{100 * fractions[row, column]:.0f} %"
            axes.text(column, row - 0.1, count, ha="center", va="center", color=color, weight=weight)
            axes.text(column, row + 0.22, percent, ha="center", va="center", color=color, fontsize=7)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(num_classes), [f"{name}\n{scores.support[name]:,}" for name in scores.classes])
    axes.set_xlabel("predicted", color=TEXT_COLOR, labelpad=8)
    axes.set_ylabel("label", color=TEXT_COLOR)
    axes.xaxis.set_label_position("top")
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        # Not strict: the column "no face" has no emotion's color.
        for label, name in zip(labels, scores.classes, strict=False):
            label.set_color(get_class_color(name))
            label.set_fontweight("bold")
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(num_classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    hide_spines(axes)
    figure.suptitle(
        f"{num_classes} classes: accuracy {100 * scores.accuracy:.1f} ± {100 * scores.standard_error:.1f} % on "
        f"{scores.images:,} images",
        color=TEXT_COLOR,
        fontsize=12,
        y=1 - 0.3 / figure.get_figheight(),
    )
    return figure


def plot_reliability(heads: Mapping[str, Reliability]) -> "Figure":
    """Plot a reliability diagram for each head, with the fraction of images in each bin."""
    figure = create_figure(0.6 + 4.6 * len(heads), 5.4)
    set_margins(figure, left=0.75, right=0.15, top=0.4, bottom=0.6, wspace=0.22, hspace=0.08)
    grid = figure.subplots(2, len(heads), squeeze=False, sharex=True, height_ratios=(4, 1))
    for column, (head, found) in enumerate(heads.items()):
        upper, lower = grid[0, column], grid[1, column]
        filled = [bin_ for bin_ in found.bins if bin_.images]
        width = 1 / len(found.bins)
        left = np.array([bin_.low for bin_ in filled])
        accuracy = np.array([bin_.accuracy for bin_ in filled], np.float64)
        confidence = np.array([bin_.confidence for bin_ in filled], np.float64)
        upper.bar(left, accuracy, width, align="edge", color="#5b7f95", edgecolor="white", label="accuracy")
        gap = {"align": "edge", "color": "none", "edgecolor": "#c2452d", "hatch": "////", "linewidth": 0}
        upper.bar(left, confidence - accuracy, width, accuracy, label="gap to the confidence", **gap)
        upper.plot((0, 1), (0, 1), "--", color=TEXT_COLOR, linewidth=1)
        error = 100 * found.expected_calibration_error
        caption = f"calibration error {error:.1f} %" if found.images else "not measured"
        upper.set_title(f"{head}: {caption}", color=TEXT_COLOR, fontsize=11)
        upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="fraction of votes" if head == "votes" else "accuracy")
        upper.legend(loc="upper left", frameon=False, fontsize=8)
        fractions = np.array([bin_.images for bin_ in filled]) / max(found.images, 1)
        lower.bar(left, fractions, width, align="edge", color=_GRAY, edgecolor="white")
        lower.set(xlabel="confidence", ylabel="images")
        lower.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        for axes in (upper, lower):
            hide_spines(axes, keep=("left", "bottom"))
    return figure


def get_class_color(name: str) -> str:
    """Return the color of one of FER2013's seven classes, as `#rrggbb`: that of its emotion."""
    return EMOTIONS[int(LABELS_TO_SIX[FER2013_LABELS.index(name)].argmax())].color


def hide_spines(axes: "Axes", keep: tuple[str, ...] = ()) -> None:
    """Hide the spines of axes but those named in `keep`."""
    for name, spine in axes.spines.items():
        spine.set_visible(name in keep)
        spine.set_color(_GRAY)
    if keep:
        axes.tick_params(colors=TEXT_COLOR, labelsize=8)


def _to_rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
