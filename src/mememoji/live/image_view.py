"""The camera's image in the window, and what is said where there is none."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from mememoji.image_io import RGBImage
from mememoji.live.style import FAINT, INK, LINE, PANEL, SOFT

_RADIUS = 12.0


class PictureView(QWidget):
    """Shows an image as large as there is room for, without distorting it.

    Where there is none, or it is an old one, a headline and a line below it say why.
    """

    clicked = Signal(float, float)
    """Where the image was clicked, in its own pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Camera image")
        self._pixels: RGBImage | None = None
        self._image: QImage | None = None
        self.headline, self.detail = "", ""
        self.action = QPushButton(self)
        self.action.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(800, 600)

    def show_picture(self, picture: RGBImage) -> None:
        """Show (H, W, 3) uint8 RGB."""
        # Qt does not copy: the array must live as long as the image of it.
        self._pixels = np.ascontiguousarray(picture)
        height, width = picture.shape[:2]
        self._image = QImage(self._pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self.update()

    def say(self, headline: str, detail: str = "", action: str = "") -> None:
        """Lay words over the image, with a button that says `action`; no words take them away."""
        if (headline, detail, action) == (self.headline, self.detail, self.action.text()):
            return
        self.headline, self.detail = headline, detail
        self.setAccessibleDescription(f"{headline} {detail}".strip())
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self._place_action()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        self._place_action()

    def _place_action(self) -> None:
        self.action.adjustSize()
        self.action.move((self.width() - self.action.width()) // 2, self.height() // 2 + 96)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = QRectF(self.rect()) if self._image is None else self._place(self._image)
        frame = QPainterPath()
        frame.addRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        painter.save()
        painter.setClipPath(frame)
        painter.fillPath(frame, QColor(PANEL))
        if self._image is not None:
            painter.drawImage(place, self._image)
        if self.headline:
            painter.fillPath(frame, QColor(20, 22, 26, 205))
        painter.restore()
        if self._image is None:
            painter.setPen(QPen(QColor(LINE), 1))
            painter.drawPath(frame)
        if self.headline:
            self._write(painter, place)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._image is None or event.button() != Qt.MouseButton.LeftButton:
            return
        place = self._place(self._image)
        scale = self._image.width() / place.width()
        at = event.position() - place.topLeft()
        self.clicked.emit(at.x() * scale, at.y() * scale)

    def _place(self, image: QImage) -> QRectF:
        scale = min(self.width() / image.width(), self.height() / image.height())
        width, height = image.width() * scale, image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _write(self, painter: QPainter, place: QRectF) -> None:
        middle = place.center()
        _draw_camera(painter, QPointF(middle.x(), middle.y() - 58))
        font = painter.font()
        font.setPixelSize(20)
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(INK))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        width = min(place.width() - 32, 460)
        room = QRectF(middle.x() - width / 2, middle.y() - 8, width, 120)
        used = painter.boundingRect(room, flags, self.headline)
        painter.drawText(room, flags, self.headline)
        font.setPixelSize(13)
        font.setWeight(font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(SOFT))
        painter.drawText(QRectF(room.x(), used.bottom() + 8, width, 120), flags, self.detail)


def _draw_camera(painter: QPainter, middle: QPointF) -> None:
    painter.setPen(QPen(QColor(FAINT), 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y = middle.x(), middle.y()
    painter.drawRoundedRect(QRectF(x - 30, y - 18, 42, 36), 7, 7)
    painter.drawPolygon(
        [QPointF(x + 18, y - 4), QPointF(x + 30, y - 13), QPointF(x + 30, y + 13), QPointF(x + 18, y + 4)]
    )
