"""A widget with the composition of a face as six bars, which also serve as the legend of the plot."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mememoji.emotions import EMOTIONS
from mememoji.live.style import BORDER, DISABLED_TEXT, MUTED_TEXT, TEXT
from mememoji.results import Composition

_ROW_HEIGHT = 24
_NAME_WIDTH, _PERCENT_WIDTH = 74, 44


class CompositionBars(QWidget):
    """Six rows, each with a name, a bar and a percentage. Without a composition the bars are empty."""

    def __init__(self) -> None:
        super().__init__()
        self.composition: Composition | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(280, _ROW_HEIGHT * len(EMOTIONS))

    def show_composition(self, composition: Composition | None) -> None:
        """Show a composition; None shows empty bars."""
        if composition == self.composition:
            return
        self.composition = composition
        items = () if composition is None else composition.items()
        self.setAccessibleDescription(", ".join(f"{emotion.value} {fraction:.0%}" for emotion, fraction in items))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, emotion in enumerate(EMOTIONS):
            center = (row + 0.5) * _ROW_HEIGHT
            bar = QRectF(_NAME_WIDTH, center - 4, self.width() - _NAME_WIDTH - _PERCENT_WIDTH, 8)
            painter.setBrush(QColor(BORDER))
            painter.drawRoundedRect(bar, 4, 4)
            fraction = 0.0 if self.composition is None else self.composition[emotion]
            if fraction > 0.005:
                painter.setBrush(QColor(emotion.color))
                painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(bar.width() * fraction, 8.0), 8), 4, 4)
            is_top = self.composition is not None and emotion is self.composition.top
            painter.setBrush(QColor(emotion.color))
            painter.drawEllipse(QRectF(0, center - 4, 8, 8))
            painter.setPen(QColor(TEXT if is_top else MUTED_TEXT if self.composition is not None else DISABLED_TEXT))
            line = QRectF(16, row * _ROW_HEIGHT, self.width() - 16, _ROW_HEIGHT)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, emotion.value)
            if self.composition is not None:
                painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{fraction:.0%}")
            painter.setPen(Qt.PenStyle.NoPen)
        painter.end()
