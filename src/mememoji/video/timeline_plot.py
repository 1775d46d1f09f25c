"""A plot of a video's timeline: the composition of each face over time."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mememoji.atomic_file import atomic_write
from mememoji.emotions import EMOTIONS
from mememoji.errors import MissingExtraError, RunError
from mememoji.video.face_summary import VideoSummary
from mememoji.video.time_series import FaceTimeSeries, TimeSeriesPoints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_FACES: Final = 8
"""The largest number of faces to draw; those seen longest are drawn."""

PLOT_SUFFIXES: Final = (".png", ".svg", ".pdf", ".jpg", ".webp")
"""The suffixes of plots, which set their format."""

_MAX_TITLE_LENGTH: Final = 90

_TITLE_FONTS: Final = (
    "DejaVu Sans",
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei"),
    *("Malgun Gothic", "Noto Sans", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Emoji", "Arial Unicode MS"),
)
"""Fonts for the letters of file names, of which those are used that are installed; the first comes with matplotlib."""

_TEXT: Final = "#23272e"
_MUTED_TEXT: Final = "#8b929c"
_MIN_GAP_SECONDS: Final = 0.5


def require_matplotlib() -> None:
    """Check that matplotlib is installed.

    Raises:
        MissingExtraError: It is not.
    """
    _new_figure(1, 1)


def plot_timeline(
    series: FaceTimeSeries, summary: VideoSummary, path: Path, *, span: tuple[float, float], title: str
) -> None:
    """Plot the faces one below the other, each with its six fractions stacked to 1.

    Args:
        series: The time series of the faces.
        summary: The summary of the same rows.
        path: The file to write; its suffix, one of `PLOT_SUFFIXES`, sets the format.
        span: The start and the end of the time axis, in seconds.
        title: The title of the figure.

    Raises:
        MissingExtraError: matplotlib is not installed.
        RunError: The file cannot be written.
    """
    faces = sorted(summary.faces.values(), key=lambda face: -face.seconds_seen)
    track_ids = sorted(face.track_id for face in faces[:MAX_FACES])
    figure = _new_figure(10, 1.3 + 1.75 * max(len(track_ids), 1))
    rows: Any = figure.subplots(max(len(track_ids), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axes in rows:
        _style_axes(axes, span)
    for axes, track_id in zip(rows, track_ids, strict=False):
        _plot_series(axes, series.faces[track_id].points())
        face = summary.faces[track_id]
        axes.set_title(f"face {track_id}", loc="left", fontsize=10, color=_TEXT, fontweight="bold")
        caption = f"{face.seconds_seen:.1f} s seen, mostly {face.top.value}"
        axes.set_title(caption, loc="right", fontsize=9, color=_MUTED_TEXT)
    if not track_ids:
        rows[0].text(0.5, 0.5, "no face was seen", transform=rows[0].transAxes, ha="center", color=_MUTED_TEXT)
    rows[-1].set_xlabel("time, s", color=_TEXT)
    more = f", {len(faces) - len(track_ids)} more faces not drawn" if len(faces) > len(track_ids) else ""
    title = title if len(title) <= _MAX_TITLE_LENGTH else f"{title[: _MAX_TITLE_LENGTH - 20]}…{title[-19:]}"
    # A file name is not a formula, even if it contains dollar signs.
    text = figure.suptitle(f"{title}{more}", x=0.012, ha="left", fontsize=12, color=_TEXT, parse_math=False)
    text.set_fontfamily(_find_title_fonts())
    figure.legend(*_legend(), loc="outside lower center", ncols=len(EMOTIONS), frameon=False, fontsize=9)
    try:
        with atomic_write(path) as partial, warnings.catch_warnings():
            # Letters that no installed font has are drawn as boxes.
            warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
            figure.savefig(partial, dpi=130, facecolor="white", format=path.suffix.lower().removeprefix(".") or "png")
    except (OSError, ValueError) as error:
        raise RunError(f"the plot cannot be written to {path}: {error}") from error


def _find_title_fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return [name for name in _TITLE_FONTS if name in installed]


def _plot_series(axes: "Axes", points: TimeSeriesPoints) -> None:
    colors = [emotion.color for emotion in EMOTIONS]
    gap = max(_MIN_GAP_SECONDS, points.bin_width)
    for indices in np.split(
        np.arange(len(points.times)), np.flatnonzero(points.times[1:] - points.ends[:-1] > gap) + 1
    ):
        # The last composition holds until the next analyzed frame; it also gives a single point an area.
        times = np.append(points.times[indices], points.ends[indices[-1:]])
        compositions = np.append(points.compositions[indices], points.compositions[indices[-1:]], axis=0)  # (n + 1, 6)
        axes.stackplot(times, compositions.T, colors=colors, edgecolor="white", linewidth=0.4)


def _style_axes(axes: "Axes", span: tuple[float, float]) -> None:
    axes.set_xlim(span[0], max(span[1], span[0] + 0.1))
    axes.set_ylim(0, 1)
    # Whole times, where the clock of the file starts late too.
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.tick_params(colors=_MUTED_TEXT, labelsize=8, length=3)
    axes.set_facecolor("#f4f5f7")
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_MUTED_TEXT)


def _legend() -> tuple[list[Any], list[str]]:
    from matplotlib.patches import Patch

    return [Patch(color=emotion.color) for emotion in EMOTIONS], [emotion.value for emotion in EMOTIONS]


def _new_figure(width: float, height: float) -> "Figure":
    try:
        # Not pyplot, which keeps figures in memory and requires a display.
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("video", "a plot") from error
    return Figure((width, height), layout="constrained")
