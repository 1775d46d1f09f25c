"""A video's timeline as an image: how each face's composition went."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mememoji.emotions import EMOTIONS
from mememoji.errors import MissingExtraError, RunError
from mememoji.video.face_summary import Summary
from mememoji.video.time_series import Curves, Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FACES: Final = 8
"""So many faces are drawn, those seen longest."""

_INK: Final = "#23272e"
_FAINT: Final = "#8b929c"
_GAP: Final = 0.5


def require() -> None:
    """Raise MissingExtraError where matplotlib is not installed."""
    _new_figure(1, 1)


def draw_plot(curves: Curves, summary: Summary, path: Path, *, span: tuple[float, float], title: str) -> None:
    """Draw the faces' courses, one below the other, the six parts stacked to the whole.

    Args:
        curves: the faces' courses.
        summary: of the same rows.
        path: an image file; its ending says of which kind: .png, .svg, .pdf.
        span: the time axis, in seconds.
        title: what stands above.

    Raises:
        MissingExtraError: matplotlib is not installed.
        RunError: the file cannot be written.
    """
    faces = sorted(summary.faces.values(), key=lambda face: -face.seen)
    shown = sorted(face.number for face in faces[:MOST_FACES])
    figure = _new_figure(10, 1.3 + 1.75 * max(len(shown), 1))
    rows: Any = figure.subplots(max(len(shown), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axes in rows:
        _dress(axes, span)
    for axes, number in zip(rows, shown, strict=False):
        _draw_course(axes, curves.faces[number].points())
        face = summary.faces[number]
        axes.set_title(f"face {number}", loc="left", fontsize=10, color=_INK, fontweight="bold")
        axes.set_title(f"{face.seen:.1f} s seen, mostly {face.top.value}", loc="right", fontsize=9, color=_FAINT)
    if not shown:
        rows[0].text(0.5, 0.5, "no face was seen", transform=rows[0].transAxes, ha="center", color=_FAINT)
    rows[-1].set_xlabel("time, s", color=_INK)
    more = f", {len(faces) - len(shown)} more faces not drawn" if len(faces) > len(shown) else ""
    figure.suptitle(f"{title}{more}", x=0.012, ha="left", fontsize=12, color=_INK)
    figure.legend(*_legend(), loc="outside lower center", ncols=len(EMOTIONS), frameon=False, fontsize=9)
    try:
        figure.savefig(path, dpi=130, facecolor="white")
    except (OSError, ValueError) as error:
        raise RunError(f"the plot cannot be written to {path}: {error}") from error


def _draw_course(axes: "Axes", points: Points) -> None:
    colors = [emotion.color for emotion in EMOTIONS]
    gap = max(_GAP, 1.5 * points.width)
    for part in np.split(np.arange(len(points.times)), np.flatnonzero(np.diff(points.times) > gap) + 1):
        times, heights = points.times[part], points.compositions[part].T  # (n,), (6, n)
        if len(times) == 1:
            # One point has no area: it stands for its stretch of time.
            times = times[0] + points.width * np.array([-0.5, 0.5])
            heights = np.repeat(heights, 2, axis=1)
        axes.stackplot(times, heights, colors=colors, edgecolor="white", linewidth=0.4)


def _dress(axes: "Axes", span: tuple[float, float]) -> None:
    axes.set_xlim(span[0], max(span[1], span[0] + 0.1))
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.tick_params(colors=_FAINT, labelsize=8, length=3)
    axes.set_facecolor("#f4f5f7")
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_FAINT)


def _legend() -> tuple[list[Any], list[str]]:
    from matplotlib.patches import Patch

    return [Patch(color=emotion.color) for emotion in EMOTIONS], [emotion.value for emotion in EMOTIONS]


def _new_figure(width: float, height: float) -> "Figure":
    try:
        # Not pyplot: that keeps figures alive, and looks for a screen.
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("video", "a plot") from error
    return Figure((width, height), layout="constrained")
