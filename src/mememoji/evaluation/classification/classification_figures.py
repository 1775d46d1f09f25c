"""The report's figures, drawn off screen in the emotions' colors."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.emotions import EMOTIONS, FER2013_LABELS, LABELS_TO_SIX, fold
from mememoji.errors import MissingExtraError
from mememoji.evaluation.classification.report import Evaluation
from mememoji.evaluation.classification.scores import ClassScores, six_truth
from mememoji.evaluation.metrics import choice_of_truth
from mememoji.evaluation.reliability import Reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILES: Final = ("confusion-7.png", "confusion-6.png", "reliability.png", "examples.png")
"""Every file that `draw` may write."""

EXAMPLES: Final = 24

_DPI: Final = 150
_INK: Final = "#23272e"
_FAINT: Final = "#8b929c"
_COLUMNS: Final = 6


def require() -> None:
    """Raise MissingExtraError where matplotlib is not installed."""
    new_figure(1, 1)


def draw(evaluation: Evaluation, folder: Path, *, pictures: bool = True) -> list[str]:
    """Draw what the evaluation has something for.

    Args:
        evaluation: the report, and the split and predictions that it speaks of.
        folder: where the files go.
        images: draw the examples, which show people's faces.

    Returns:
        The names of the files drawn, in the order of `FILES`.
    """
    report = evaluation.report
    drawn: dict[str, Figure] = {}
    if report.single.seven is not None:
        drawn["confusion-7.png"] = confusion(report.single.seven)
    if report.single.six is not None:
        drawn["confusion-6.png"] = confusion(report.single.six)
    if report.single.calibration:
        drawn["reliability.png"] = reliability(report.single.calibration)
    if pictures:
        drawn["examples.png"] = examples(evaluation)
    return save(drawn, folder)


def save(drawn: "Mapping[str, Figure]", folder: Path) -> list[str]:
    """Save figures under their names in a folder, and return the names."""
    for name, figure in drawn.items():
        figure.savefig(folder / name, dpi=_DPI, facecolor="white")
    return list(drawn)


def confusion(scores: ClassScores) -> "Figure":
    """The confusion matrix with counts; each row is tinted in its emotion's color by its share of the row.

    Where images without a face are part of the scores, they have a last column of their own.
    """
    counts = np.array(scores.confusion)
    columns = scores.classes
    if scores.no_face:
        counts = np.column_stack([counts, [scores.no_face[name] for name in scores.classes]])  # (C, C + 1)
        columns = (*columns, "no face")
    rows = np.divide(counts, counts.sum(axis=1, keepdims=True), out=np.zeros(counts.shape), where=counts > 0)
    colors = np.array([_rgb(class_color(name)) for name in scores.classes])[:, None]  # (C, 1, 3)
    tints = 1 - rows[:, :, None] * (1 - colors)  # (C, columns, 3), white to color
    side = len(scores.classes)
    figure = new_figure(1.5 + 0.92 * len(columns), 1.5 + 0.82 * side)
    axes = figure.subplots()
    axes.imshow(tints, aspect="auto")
    for row in range(side):
        for column in range(len(columns)):
            dark = float(tints[row, column] @ (0.299, 0.587, 0.114)) < 0.62
            ink = "white" if dark else _INK if counts[row, column] else _FAINT
            weight = "bold" if row == column else "normal"
            axes.text(column, row - 0.1, f"{counts[row, column]:,}", ha="center", va="center", color=ink, weight=weight)
            share = f"{100 * rows[row, column]:.0f} %"
            axes.text(column, row + 0.22, share, ha="center", va="center", color=ink, fontsize=7)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(side), [f"{name}\n{scores.support[name]:,}" for name in scores.classes])
    axes.set_xlabel("read as", color=_INK)
    axes.set_ylabel("label", color=_INK)
    axes.xaxis.set_label_position("top")
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        # Not strict: the column "no face" has no emotion's color.
        for label, name in zip(labels, scores.classes, strict=False):
            label.set_color(class_color(name))
            label.set_fontweight("bold")
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(side + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    _bare(axes)
    figure.suptitle(
        f"{side} classes: {100 * scores.accuracy:.1f} ± {100 * scores.standard_error:.1f} % of "
        f"{scores.pictures:,} images right",
        color=_INK,
        fontsize=12,
    )
    return figure


def reliability(heads: dict[str, Reliability]) -> "Figure":
    """A reliability diagram for each head, with how many images each bin holds."""
    figure = new_figure(0.6 + 4.6 * len(heads), 5.4)
    grid = figure.subplots(2, len(heads), squeeze=False, sharex=True, height_ratios=(4, 1))
    for column, (head, found) in enumerate(heads.items()):
        upper, lower = grid[0, column], grid[1, column]
        filled = [bin_ for bin_ in found.bins if bin_.pictures]
        width = 1 / len(found.bins)
        left = np.array([bin_.low for bin_ in filled])
        right = np.array([bin_.accuracy for bin_ in filled], np.float64)
        sure = np.array([bin_.confidence for bin_ in filled], np.float64)
        upper.bar(left, right, width, align="edge", color="#5b7f95", edgecolor="white", label="right")
        gap = {"align": "edge", "color": "none", "edgecolor": "#c2452d", "hatch": "////", "linewidth": 0}
        upper.bar(left, sure - right, width, right, label="gap to being as right as sure", **gap)
        upper.plot((0, 1), (0, 1), "--", color=_INK, linewidth=1)
        error = 100 * found.expected_calibration_error
        said = f"calibration error {error:.1f} %" if found.pictures else "not measured"
        upper.set_title(f"{head}: {said}", color=_INK, fontsize=11)
        upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of votes" if head == "votes" else "right")
        upper.legend(loc="upper left", frameon=False, fontsize=8)
        shares = np.array([bin_.pictures for bin_ in filled]) / max(found.pictures, 1)
        lower.bar(left, shares, width, align="edge", color=_FAINT, edgecolor="white")
        lower.set(xlabel="confidence of the first choice", ylabel="pictures")
        lower.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        for axes in (upper, lower):
            _bare(axes, keep=("left", "bottom"))
    return figure


def examples(evaluation: Evaluation) -> "Figure":
    """Random images with their compositions, the first two choices numbered and the label ringed."""
    split, prediction = evaluation.split, evaluation.passes.single
    labels = prediction.labels
    six = prediction.compositions() if labels is None else fold(labels, LABELS_TO_SIX)
    truth = six_truth(split)
    rng = np.random.default_rng(evaluation.report.seed)
    chosen = rng.choice(len(split), min(EXAMPLES, len(split)), replace=False)
    rows = -(-len(chosen) // _COLUMNS)
    figure = new_figure(2.5 * _COLUMNS, 0.5 + 1.75 * rows)
    grid = figure.subplots(rows, 2 * _COLUMNS, squeeze=False, width_ratios=(1, 1) * _COLUMNS)
    for axes in grid.flat:
        axes.set_axis_off()
    choices = choice_of_truth(six, truth)
    for index, which in enumerate(chosen):
        row, column = divmod(index, _COLUMNS)
        face, bars = grid[row, 2 * column], grid[row, 2 * column + 1]
        face.imshow(split.images[which], cmap="gray", vmin=0, vmax=255)
        label = FER2013_LABELS[split.labels[which]]
        verdict = ("✓", "2nd", "3rd")[choices[which]] if choices[which] < 3 else "✗"
        face.set_title(f"{label}  {verdict}", color=class_color(label), fontsize=9, weight="bold", loc="left")
        _composition_bars(bars, six[which], int(truth[which]))
    figure.suptitle(
        f"{len(chosen)} random images: label, and ✓ where it is the first choice, 2nd or 3rd where it is that, "
        "✗ where it is neither",
        color=_INK,
        fontsize=11,
    )
    return figure


def _composition_bars(axes: "Axes", six: npt.NDArray[np.float32], truth: int) -> None:
    axes.set_axis_on()
    order = np.argsort(-six, kind="stable")
    for place, emotion in enumerate(EMOTIONS):
        shown = place in order[:2]
        axes.barh(place, six[place], 0.72, color=emotion.color, alpha=1.0 if shown else 0.45)
        if shown:
            number = "1" if place == order[0] else "2"
            axes.text(float(six[place]) + 0.04, place, number, va="center", fontsize=8, weight="bold", color=_INK)
    axes.set(xlim=(0, 1.12), ylim=(len(EMOTIONS) - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(len(EMOTIONS)), [emotion.value for emotion in EMOTIONS], fontsize=6.5)
    for place, label in enumerate(axes.get_yticklabels()):
        label.set_color(EMOTIONS[place].color)
        if place == truth:
            label.set_fontweight("bold")
            label.set_bbox({"boxstyle": "round,pad=0.15", "facecolor": "none", "edgecolor": EMOTIONS[place].color})
    axes.tick_params(length=0, pad=3)
    _bare(axes)


def class_color(name: str) -> str:
    """Return the color of one of FER2013's seven classes, as `#rrggbb`: that of its emotion."""
    return EMOTIONS[int(LABELS_TO_SIX[FER2013_LABELS.index(name)].argmax())].color


def _rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _bare(axes: "Axes", keep: tuple[str, ...] = ()) -> None:
    for name, spine in axes.spines.items():
        spine.set_visible(name in keep)
        spine.set_color(_FAINT)
    if keep:
        axes.tick_params(colors=_INK, labelsize=8)


def new_figure(width: float, height: float) -> "Figure":
    """A figure of so many inches. Not by pyplot, which keeps every figure alive and wants a display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("train", "drawing the figures of a report") from error
    options: dict[str, Any] = {"layout": "constrained"}
    return Figure(figsize=(width, height), **options)
