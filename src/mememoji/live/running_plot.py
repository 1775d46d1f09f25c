"""The running plot: one face's six emotions over the last seconds."""

import math
from collections import deque
from typing import Any, Final

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt

from mememoji.emotions import EMOTIONS
from mememoji.live.style import FAINT, LINE, PANEL
from mememoji.tracking.face_tracking import Moment

SPAN: Final = 20.0
"""Seconds shown."""

_GAP: Final = 1.0
_MOST: Final = 4000


class RunningPlot:
    """Curves that run from right to left; `widget` is Qt's part of it.

    Moments are collected for all faces, so that another face's past is there when it is chosen.
    """

    def __init__(self) -> None:
        self.widget: Any = pyqtgraph.PlotWidget(background=PANEL)
        self.widget.setAccessibleName("Running plot of the six emotions")
        self._points: dict[int, deque[tuple[float, ...]]] = {}
        self._now = 0.0
        item = self.widget.getPlotItem()
        item.setMenuEnabled(False)
        item.setContentsMargins(0, 6, 22, 0)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.setRange(xRange=(-SPAN, 0), yRange=(0, 1), padding=0.02)
        item.showGrid(y=True, alpha=0.12)
        for side, ticks in (
            ("left", [(0, "0"), (0.5, "50 %"), (1, "100 %")]),
            ("bottom", [(-20, "20 s ago"), (-10, "10 s ago"), (0, "now")]),
        ):
            axis = item.getAxis(side)
            axis.setTicks([ticks])
            axis.setTextPen(FAINT)
            axis.setPen(LINE)
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)
        self._curves = [
            item.plot(pen=pyqtgraph.mkPen(emotion.color, width=2, cosmetic=True), connect="finite", antialias=True)
            for emotion in EMOTIONS
        ]
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add(self, moment: Moment) -> None:
        """Take the next moment's faces."""
        self._now = moment.time
        for number, face in moment.faces.items():
            points = self._points.setdefault(number, deque(maxlen=_MOST))
            if points and moment.time - points[-1][0] > _GAP:
                points.append((moment.time - _GAP / 2, *(math.nan for _ in EMOTIONS)))
            points.append((moment.time, *face.composition.fractions))
        for number in [number for number, points in self._points.items() if points[-1][0] < self._now - SPAN]:
            del self._points[number]

    @property
    def faces(self) -> list[int]:
        """The numbers of the faces of those seconds."""
        return sorted(self._points)

    def points(self, number: int | None) -> Any:
        """(N, 7) float64 of one face: time in seconds, and six fractions."""
        points = self._points.get(number, ()) if number is not None else ()
        return np.array([point for point in points if point[0] >= self._now - SPAN]).reshape(-1, 1 + len(EMOTIONS))

    def draw(self, number: int | None) -> None:
        """Draw a face's curves; None draws none."""
        points = self.points(number)
        for index, curve in enumerate(self._curves, 1):
            curve.setData(points[:, 0] - self._now, points[:, index])
