"""The figures of a prepared dataset: example faces of every emotion, and the class distribution of each split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.fer2013.data_card import count_fer7_classes, count_six_classes
from mememoji.datasets.splits import Split
from mememoji.emotions import EMOTIONS, FERPLUS_VOTES, LABELS_TO_SIX, Emotion
from mememoji.types import UInt8Array

_TEXT_COLOR: Final = "#22262b"
_GRAY: Final = "#6b7178"
_BAR_BACKGROUND: Final = "#f0f1f3"
_DPI: Final = 160
_COLUMNS, _ROWS = 14, 2
_GAP: Final = 3


def draw_faces(split: Split, path: Path, *, title: str, seed: int = 0) -> None:
    """Draw a grid of 28 random faces for each of the six emotions, and write it as PNG.

    Blank images and those for which "not a face" has the most FER+ votes are skipped. An emotion with fewer faces shows
    all of them.

    Args:
        split: The split with the faces.
        path: The PNG file to write.
        title: The title of the figure.
        seed: The seed of the random choice.
    """
    rng = np.random.default_rng(seed)
    six = LABELS_TO_SIX.argmax(axis=1)[split.labels]
    is_usable = np.array([image.min() < image.max() for image in split.images], np.bool_)
    if split.votes is not None:
        is_usable &= split.votes.argmax(axis=1) != FERPLUS_VOTES.index("NF")
    figure = Figure(figsize=(11.0, 10.4), facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.035, 0.973, title, size=15, weight="bold", color=_TEXT_COLOR, va="center", parse_math=False)
    grid = figure.add_gridspec(len(EMOTIONS), 1, left=0.125, right=0.985, top=0.945, bottom=0.012, hspace=0.06)
    for number, emotion in enumerate(EMOTIONS):
        of_emotion = np.flatnonzero((six == number) & is_usable)
        chosen = rng.permutation(of_emotion)[: _COLUMNS * _ROWS]
        axes = figure.add_subplot(grid[number])
        axes.imshow(_tile(split.images[chosen]), cmap="gray", vmin=0, vmax=255, interpolation="lanczos")
        axes.set_axis_off()
        count = f"{int((six == number).sum()):,}"
        transform = axes.transAxes
        axes.text(
            -0.016, 0.53, emotion.value, size=13, weight="bold", color=emotion.color, ha="right", transform=transform
        )
        axes.text(-0.016, 0.47, count, size=10, color=_GRAY, ha="right", va="top", transform=transform)
    figure.savefig(path, dpi=_DPI, format="png")


def draw_classes(labels: Mapping[str, npt.NDArray[np.integer]], path: Path, *, title: str) -> None:
    """Draw each split's class distribution, seven classes on the left and six on the right, and write it as PNG.

    Args:
        labels: The labels (N,) of each split by its name, indices into `FER2013_LABELS`.
        path: The PNG file to write.
        title: The title of the figure.
    """
    figure = Figure(figsize=(11.0, 0.85 + 2.75 * len(labels)), facecolor="white")
    FigureCanvasAgg(figure)
    height = figure.get_figheight()
    figure.text(
        0.035, 1 - 0.32 / height, title, size=15, weight="bold", color=_TEXT_COLOR, va="center", parse_math=False
    )
    grid = figure.add_gridspec(
        len(labels), 2, left=0.09, right=0.985, top=1 - 0.95 / height, bottom=0.15 / height, hspace=0.24, wspace=0.2
    )
    for row, (name, numbers) in enumerate(labels.items()):
        for column, (counts, caption) in enumerate(
            (
                (count_fer7_classes(numbers), "FER2013's seven classes"),
                (count_six_classes(numbers), "six, disgust in angry"),
            )
        ):
            axes = figure.add_subplot(grid[row, column])
            _draw_bars(axes, counts)
            heading = f"{name} · {len(numbers):,} images · {caption}"
            axes.set_title(heading, loc="left", size=10.5, color=_GRAY, pad=5)
    figure.savefig(path, dpi=_DPI, format="png")


def _draw_bars(axes: Axes, counts: dict[str, int]) -> None:
    total = max(sum(counts.values()), 1)
    largest = max(*counts.values(), 1)
    for row, (name, count) in enumerate(counts.items()):
        # Disgust has no color of its own: it gets a lighter shade of anger's, which it is mapped to.
        color = Emotion(name).color if name in set(EMOTIONS) else Emotion.ANGRY.color
        axes.barh(row, largest, color=_BAR_BACKGROUND, height=0.74)
        axes.barh(row, count, color=color, alpha=1.0 if name in set(EMOTIONS) else 0.55, height=0.74)
        axes.text(largest * 1.02, row, f"{count:,}", size=9.5, color=_TEXT_COLOR, va="center")
        axes.text(largest * 1.30, row, f"{count / total:.1%}", size=9.5, color=_GRAY, va="center", ha="right")
    axes.set_yticks(range(len(counts)), list(counts), size=10, color=_TEXT_COLOR)
    axes.set_xlim(0, largest * 1.31)
    axes.set_ylim(len(counts) - 0.5, -0.5)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _tile(images: UInt8Array) -> UInt8Array:
    """Tile up to 28 crops (N, 48, 48) in two rows with white gaps."""
    step = CROP_SIZE + _GAP
    canvas = np.full((_ROWS * step - _GAP, _COLUMNS * step - _GAP), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = step * (index // _COLUMNS), step * (index % _COLUMNS)
        canvas[top : top + CROP_SIZE, left : left + CROP_SIZE] = image
    return canvas
