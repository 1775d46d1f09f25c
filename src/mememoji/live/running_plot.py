"""A plot of the six emotions of one face over the last seconds."""

import math
from collections import deque
from typing import Any, Final

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt

from mememoji.emotions import EMOTIONS
from mememoji.live.style import BORDER, DISABLED_TEXT, PANEL
from mememoji.tracking.face_tracking import TrackedFrame

SPAN_SECONDS: Final = 20.0
"""The time that the plot shows, in seconds."""

_MAX_GAP_SECONDS: Final = 1.0
_MAX_POINTS: Final = 4000


class RunningPlot:
    """A plot that scrolls from right to left; `widget` is its Qt widget.

    Points are collected for all faces, so that a face that is selected later has its past in the plot too.
    """

    def __init__(self) -> None:
        self.widget: Any = pyqtgraph.PlotWidget(background=PANEL)
        self.widget.setAccessibleName("Running plot of the six emotions")
        self._points: dict[int, deque[tuple[float, ...]]] = {}
        self._latest_time = 0.0
        item = self.widget.getPlotItem()
        item.setMenuEnabled(False)
        item.setContentsMargins(0, 6, 22, 0)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.setRange(xRange=(-SPAN_SECONDS, 0), yRange=(0, 1), padding=0.02)
        item.showGrid(y=True, alpha=0.12)
        for side, ticks in (
            ("left", [(0, "0"), (0.5, "50 %"), (1, "100 %")]),
            ("bottom", [(-20, "20 s ago"), (-10, "10 s ago"), (0, "now")]),
        ):
            axis = item.getAxis(side)
            axis.setTicks([ticks])
            axis.setTextPen(DISABLED_TEXT)
            axis.setPen(BORDER)
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)
        self._curves = [
            item.plot(pen=pyqtgraph.mkPen(emotion.color, width=2, cosmetic=True), connect="finite", antialias=True)
            for emotion in EMOTIONS
        ]
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add(self, tracked_frame: TrackedFrame) -> None:
        """Add the faces of the next frame."""
        time = self._latest_time = tracked_frame.time
        for track_id, face in tracked_frame.faces.items():
            points = self._points.setdefault(track_id, deque(maxlen=_MAX_POINTS))
            if points and time - points[-1][0] > _MAX_GAP_SECONDS:
                # NaN interrupts the curves.
                points.append((time - _MAX_GAP_SECONDS / 2, *(math.nan for _ in EMOTIONS)))
            points.append((time, *face.composition.fractions))
        old = [track_id for track_id, points in self._points.items() if points[-1][0] < time - SPAN_SECONDS]
        for track_id in old:
            del self._points[track_id]

    @property
    def track_ids(self) -> list[int]:
        """The track IDs of the faces seen in the time that the plot shows."""
        return sorted(self._points)

    def points(self, track_id: int | None) -> Any:
        """Return the points of one face, (N, 7) float64: time in seconds, then six fractions."""
        points = self._points.get(track_id, ()) if track_id is not None else ()
        recent = [point for point in points if point[0] >= self._latest_time - SPAN_SECONDS]
        return np.array(recent).reshape(-1, 1 + len(EMOTIONS))

    def draw(self, track_id: int | None) -> None:
        """Draw the curves of one face; None draws none."""
        points = self.points(track_id)
        for index, curve in enumerate(self._curves, 1):
            curve.setData(points[:, 0] - self._latest_time, points[:, index])
