"""A face's composition as six bars; they are the plot's legend too."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mememoji.emotions import EMOTIONS
from mememoji.live.style import FAINT, INK, LINE, SOFT
from mememoji.results import Composition

_ROW = 24
_NAMES, _NUMBERS = 74, 44


class CompositionBars(QWidget):
    """Six rows: a name, a bar, a percentage. Without a composition the bars are empty."""

    def __init__(self) -> None:
        super().__init__()
        self.composition: Composition | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(280, _ROW * len(EMOTIONS))

    def show_composition(self, composition: Composition | None) -> None:
        """Show another composition, or none."""
        if composition == self.composition:
            return
        self.composition = composition
        told = "" if composition is None else ", ".join(f"{e.value} {part:.0%}" for e, part in composition.items())
        self.setAccessibleDescription(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, emotion in enumerate(EMOTIONS):
            middle = (row + 0.5) * _ROW
            bar = QRectF(_NAMES, middle - 4, self.width() - _NAMES - _NUMBERS, 8)
            painter.setBrush(QColor(LINE))
            painter.drawRoundedRect(bar, 4, 4)
            part = 0.0 if self.composition is None else self.composition[emotion]
            if part > 0.005:
                painter.setBrush(QColor(emotion.color))
                painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(bar.width() * part, 8.0), 8), 4, 4)
            is_top = self.composition is not None and emotion is self.composition.top
            painter.setBrush(QColor(emotion.color))
            painter.drawEllipse(QRectF(0, middle - 4, 8, 8))
            painter.setPen(QColor(INK if is_top else SOFT if self.composition is not None else FAINT))
            line = QRectF(16, row * _ROW, self.width() - 16, _ROW)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, emotion.value)
            if self.composition is not None:
                painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{part:.0%}")
            painter.setPen(Qt.PenStyle.NoPen)
        painter.end()
