"""A widget with the camera's image, and a message where none is available."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from mememoji.image_io import RGBImage
from mememoji.live.style import BORDER, DISABLED_TEXT, MUTED_TEXT, PANEL, TEXT

_CORNER_RADIUS = 12.0


class ImageView(QWidget):
    """An image, scaled to the size of the widget without distortion.

    A headline, a detail line and a button can be shown over it, for example when the source is lost.
    """

    clicked = Signal(float, float)
    """Emitted with the x and y coordinates of a click, in pixels of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Camera image")
        self._pixels: RGBImage | None = None
        self._image: QImage | None = None
        self.headline, self.detail = "", ""
        self.button = QPushButton(self)
        self.button.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(800, 600)

    def show_image(self, image: RGBImage) -> None:
        """Show an image, (H, W, 3) uint8 RGB."""
        # Qt does not copy the pixels, so the array must live as long as the QImage.
        self._pixels = np.ascontiguousarray(image)
        height, width = image.shape[:2]
        self._image = QImage(self._pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self.update()

    def show_message(self, headline: str, detail: str = "", button: str = "") -> None:
        """Show a message over the image, with a button unless its text is empty; an empty headline removes both."""
        if (headline, detail, button) == (self.headline, self.detail, self.button.text()):
            return
        self.headline, self.detail = headline, detail
        self.setAccessibleDescription(f"{headline} {detail}".strip())
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._move_button()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        self._move_button()

    def _move_button(self) -> None:
        self.button.adjustSize()
        self.button.move((self.width() - self.button.width()) // 2, self.height() // 2 + 96)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRectF(self.rect()) if self._image is None else self._image_rect(self._image)
        outline = QPainterPath()
        outline.addRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), _CORNER_RADIUS, _CORNER_RADIUS)
        painter.save()
        painter.setClipPath(outline)
        painter.fillPath(outline, QColor(PANEL))
        if self._image is not None:
            painter.drawImage(rect, self._image)
        if self.headline:
            painter.fillPath(outline, QColor(20, 22, 26, 205))
        painter.restore()
        if self._image is None:
            painter.setPen(QPen(QColor(BORDER), 1))
            painter.drawPath(outline)
        if self.headline:
            self._draw_message(painter, rect)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._image is None or event.button() != Qt.MouseButton.LeftButton:
            return
        rect = self._image_rect(self._image)
        scale = self._image.width() / rect.width()
        position = event.position() - rect.topLeft()
        self.clicked.emit(position.x() * scale, position.y() * scale)

    def _image_rect(self, image: QImage) -> QRectF:
        scale = min(self.width() / image.width(), self.height() / image.height())
        width, height = image.width() * scale, image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _draw_message(self, painter: QPainter, rect: QRectF) -> None:
        center = rect.center()
        _draw_camera_icon(painter, QPointF(center.x(), center.y() - 58))
        font = painter.font()
        font.setPixelSize(20)
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(TEXT))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        width = min(rect.width() - 32, 460)
        text_rect = QRectF(center.x() - width / 2, center.y() - 8, width, 120)
        headline_rect = painter.boundingRect(text_rect, flags, self.headline)
        painter.drawText(text_rect, flags, self.headline)
        font.setPixelSize(13)
        font.setWeight(font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(MUTED_TEXT))
        painter.drawText(QRectF(text_rect.x(), headline_rect.bottom() + 8, width, 120), flags, self.detail)


def _draw_camera_icon(painter: QPainter, center: QPointF) -> None:
    painter.setPen(QPen(QColor(DISABLED_TEXT), 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y = center.x(), center.y()
    painter.drawRoundedRect(QRectF(x - 30, y - 18, 42, 36), 7, 7)
    painter.drawPolygon(
        [QPointF(x + 18, y - 4), QPointF(x + 30, y - 13), QPointF(x + 30, y + 13), QPointF(x + 18, y + 4)]
    )
