"""Colors and style sheet of the window: dark, so that the image and the six colors of the emotions stand out."""

from typing import Final

BACKGROUND: Final = "#14161a"
PANEL: Final = "#1b1e24"
HOVER: Final = "#262a32"
BORDER: Final = "#2f343d"
TEXT: Final = "#f1f2f4"
MUTED_TEXT: Final = "#a9afb9"
DISABLED_TEXT: Final = "#767d89"
ACCENT: Final = "#e8eaed"
ERROR: Final = "#e5695e"

STYLE_SHEET: Final = f"""
QWidget {{ background: {BACKGROUND}; color: {TEXT}; font-size: 13px; }}
QToolTip {{ background: {HOVER}; color: {TEXT}; border: 1px solid {BORDER}; padding: 4px; }}
QFrame#panel {{ background: {PANEL}; border: 1px solid {BORDER}; border-radius: 12px; }}
QFrame#panel QWidget {{ background: transparent; }}
QLabel#caption {{ color: {MUTED_TEXT}; font-size: 12px; }}
QLabel#headline {{ font-size: 22px; font-weight: 600; }}
QLabel#status {{ color: {MUTED_TEXT}; font-size: 12px; }}
QLabel#message {{ color: {TEXT}; font-size: 12px; }}
QLabel#message[error="true"] {{ color: {ERROR}; }}
QPushButton {{
  background: {PANEL}; color: {MUTED_TEXT}; border: 1px solid {BORDER}; border-radius: 16px;
  padding: 7px 15px; min-height: 16px;
}}
QPushButton:hover {{ background: {HOVER}; color: {TEXT}; }}
QPushButton:focus {{ border-color: {DISABLED_TEXT}; }}
QPushButton:checked {{ background: {ACCENT}; color: {BACKGROUND}; border-color: {ACCENT}; }}
QPushButton#record:checked {{ background: {ERROR}; color: {BACKGROUND}; border-color: {ERROR}; }}
QPushButton#flat {{ border-radius: 14px; padding: 4px 12px; font-size: 12px; }}
QSlider {{ background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; background: {BORDER}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ height: 4px; background: {MUTED_TEXT}; border-radius: 2px; }}
QSlider::add-page:horizontal {{ height: 4px; background: {BORDER}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {BORDER}; }}
QSlider::handle:horizontal {{ width: 14px; margin: -5px 0; border-radius: 7px; background: {ACCENT}; }}
QSlider::handle:horizontal:disabled {{ background: {DISABLED_TEXT}; }}
"""
