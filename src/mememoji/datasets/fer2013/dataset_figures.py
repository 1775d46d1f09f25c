"""Two images of a dataset: faces of every emotion, and how the classes are spread over the splits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mememoji.datasets.fer2013.data_card import seven_classes, six_classes
from mememoji.datasets.splits import SIDE, Split
from mememoji.emotions import EMOTIONS, FERPLUS_VOTES, LABELS_TO_SIX, Emotion

_INK: Final = "#22262b"
_SOFT: Final = "#6b7178"
_TRACK: Final = "#f0f1f3"
_DPI: Final = 160
_COLUMNS, _ROWS = 14, 2
_GAP: Final = 3


def draw_faces(split: Split, path: Path, *, title: str, seed: int = 0) -> None:
    """Draw an overview grid, 28 faces drawn at random for each of the six emotions, and write it as PNG.

    Blank images and those that most FER+ votes call no face are passed over. An emotion with fewer faces shows all
    it has.

    Args:
        split: where the faces come from.
        path: the PNG file.
        title: the figure's title.
        seed: of the choice.
    """
    rng = np.random.default_rng(seed)
    six = LABELS_TO_SIX.argmax(axis=1)[split.labels]
    usable = np.array([image.min() < image.max() for image in split.images], np.bool_)
    if split.votes is not None:
        usable &= split.votes.argmax(axis=1) != FERPLUS_VOTES.index("NF")
    figure = Figure(figsize=(11.0, 10.4), facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.035, 0.973, title, size=15, weight="bold", color=_INK, va="center")
    grid = figure.add_gridspec(len(EMOTIONS), 1, left=0.125, right=0.985, top=0.945, bottom=0.012, hspace=0.06)
    for number, emotion in enumerate(EMOTIONS):
        of_emotion = np.flatnonzero((six == number) & usable)
        chosen = rng.permutation(of_emotion)[: _COLUMNS * _ROWS]
        axes = figure.add_subplot(grid[number])
        axes.imshow(_mosaic(split.images[chosen]), cmap="gray", vmin=0, vmax=255, interpolation="lanczos")
        axes.set_axis_off()
        count = f"{int((six == number).sum()):,}"
        beside = axes.transAxes
        axes.text(
            -0.016, 0.53, emotion.value, size=13, weight="bold", color=emotion.color, ha="right", transform=beside
        )
        axes.text(-0.016, 0.47, count, size=10, color=_SOFT, ha="right", va="top", transform=beside)
    figure.savefig(path, dpi=_DPI, format="png")


def draw_classes(labels: Mapping[str, npt.NDArray[np.integer]], path: Path, *, title: str) -> None:
    """Draw each split's class distribution, seven classes on the left and six on the right, and write it as PNG.

    Args:
        labels: for each split's name its labels (N,), numbers into `FER2013_LABELS`.
        path: the PNG file.
        title: the figure's title.
    """
    figure = Figure(figsize=(11.0, 0.85 + 2.75 * len(labels)), facecolor="white")
    FigureCanvasAgg(figure)
    height = figure.get_figheight()
    figure.text(0.035, 1 - 0.32 / height, title, size=15, weight="bold", color=_INK, va="center")
    grid = figure.add_gridspec(
        len(labels), 2, left=0.09, right=0.985, top=1 - 0.95 / height, bottom=0.15 / height, hspace=0.24, wspace=0.2
    )
    for row, (name, numbers) in enumerate(labels.items()):
        for column, (counts, caption) in enumerate(
            ((seven_classes(numbers), "FER2013's seven classes"), (six_classes(numbers), "six, disgust in angry"))
        ):
            axes = figure.add_subplot(grid[row, column])
            _draw_bars(axes, counts)
            heading = f"{name} · {len(numbers):,} images · {caption}"
            axes.set_title(heading, loc="left", size=10.5, color=_SOFT, pad=5)
    figure.savefig(path, dpi=_DPI, format="png")


def _draw_bars(axes: Axes, counts: dict[str, int]) -> None:
    total = max(sum(counts.values()), 1)
    largest = max(*counts.values(), 1)
    for place, (name, count) in enumerate(counts.items()):
        # Disgust has no color of its own: it is shown as the lighter part of what it folds into.
        color = Emotion(name).color if name in set(EMOTIONS) else Emotion.ANGRY.color
        axes.barh(place, largest, color=_TRACK, height=0.74)
        axes.barh(place, count, color=color, alpha=1.0 if name in set(EMOTIONS) else 0.55, height=0.74)
        axes.text(largest * 1.02, place, f"{count:,}", size=9.5, color=_INK, va="center")
        axes.text(largest * 1.30, place, f"{count / total:.1%}", size=9.5, color=_SOFT, va="center", ha="right")
    axes.set_yticks(range(len(counts)), list(counts), size=10, color=_INK)
    axes.set_xlim(0, largest * 1.31)
    axes.set_ylim(len(counts) - 0.5, -0.5)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _mosaic(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Up to 28 crops (N, 48, 48) as one white-gapped image of two rows."""
    step = SIDE + _GAP
    canvas = np.full((_ROWS * step - _GAP, _COLUMNS * step - _GAP), 255, np.uint8)
    for place, image in enumerate(images):
        top, left = step * (place // _COLUMNS), step * (place % _COLUMNS)
        canvas[top : top + SIDE, left : left + SIDE] = image
    return canvas
