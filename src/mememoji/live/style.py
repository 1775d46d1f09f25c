"""How the window looks: dark and calm, so that the image and the six colors stand out."""

from typing import Final

GROUND: Final = "#14161a"
PANEL: Final = "#1b1e24"
RAISED: Final = "#262a32"
LINE: Final = "#2f343d"
INK: Final = "#f1f2f4"
SOFT: Final = "#a9afb9"
FAINT: Final = "#767d89"
ACCENT: Final = "#e8eaed"
ALERT: Final = "#e5695e"

SHEET: Final = f"""
QWidget {{ background: {GROUND}; color: {INK}; font-size: 13px; }}
QToolTip {{ background: {RAISED}; color: {INK}; border: 1px solid {LINE}; padding: 4px; }}
QFrame#panel {{ background: {PANEL}; border: 1px solid {LINE}; border-radius: 12px; }}
QFrame#panel QWidget {{ background: transparent; }}
QLabel#caption {{ color: {SOFT}; font-size: 12px; }}
QLabel#headline {{ font-size: 22px; font-weight: 600; }}
QLabel#status {{ color: {SOFT}; font-size: 12px; }}
QLabel#notice {{ color: {INK}; font-size: 12px; }}
QLabel#notice[error="true"] {{ color: {ALERT}; }}
QPushButton {{
  background: {PANEL}; color: {SOFT}; border: 1px solid {LINE}; border-radius: 16px;
  padding: 7px 15px; min-height: 16px;
}}
QPushButton:hover {{ background: {RAISED}; color: {INK}; }}
QPushButton:focus {{ border-color: {FAINT}; }}
QPushButton:checked {{ background: {ACCENT}; color: {GROUND}; border-color: {ACCENT}; }}
QPushButton#record:checked {{ background: {ALERT}; color: {GROUND}; border-color: {ALERT}; }}
QPushButton#flat {{ border-radius: 14px; padding: 4px 12px; font-size: 12px; }}
QSlider {{ background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ height: 4px; background: {SOFT}; border-radius: 2px; }}
QSlider::add-page:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {LINE}; }}
QSlider::handle:horizontal {{ width: 14px; margin: -5px 0; border-radius: 7px; background: {ACCENT}; }}
QSlider::handle:horizontal:disabled {{ background: {FAINT}; }}
"""
