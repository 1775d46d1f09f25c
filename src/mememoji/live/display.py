"""The display that a window needs, checked before Qt starts: Qt ends the process where one is missing."""

import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Final

from mememoji.errors import RunError
from mememoji.live.shared_libraries import describe_packages, find_missing_libraries

_HINT: Final = "--headless runs without a window"


def check_display(qt: Path | None = None) -> None:
    """Check that Qt can show a window on this system; nothing is checked where this is certain, outside Linux.

    Args:
        qt: The folder with Qt's `lib` and `plugins`; that of PySide6 if None.

    Raises:
        RunError: There is no display, it does not answer, or Qt lacks a library of the system.
    """
    if sys.platform != "linux":
        return
    spec = importlib.util.find_spec("PySide6") if qt is None else None
    if spec is not None and spec.origin is not None:
        qt = Path(spec.origin).parent / "Qt"
    platforms = _list_platforms()
    if not platforms:
        raise RunError(
            "no display is available for the window, since neither DISPLAY nor WAYLAND_DISPLAY is set; start it on a "
            f"desktop, or with `ssh -X`, or under `xvfb-run`; {_HINT}, and `mememoji video` reads files"
        )
    problems = [_find_problem(name, qt) for name in platforms]
    if all(problems):
        raise RunError(f"{problems[-1]}; {_HINT}")


def _list_platforms() -> list[str]:
    """Return the names of Qt's platform plugins in the order in which Qt tries them; the last one is X11's."""
    requested = os.environ.get("QT_QPA_PLATFORM", "")
    if requested:
        return [name.partition(":")[0] for name in requested.split(";") if name]
    available = [("wayland", "WAYLAND_DISPLAY"), ("xcb", "DISPLAY")]
    return [name for name, variable in available if os.environ.get(variable)]


def _find_problem(platform: str, qt: Path | None) -> str:
    """Return why a platform plugin of Qt cannot be used, or nothing."""
    plugin = None if qt is None else qt / "plugins" / "platforms" / f"libq{platform}.so"
    # A distribution's own Qt has its plugins elsewhere, and its packages bring what they need.
    if qt is not None and plugin is not None and plugin.is_file():
        missing = find_missing_libraries(plugin, qt / "lib")
    else:
        missing = []
    if missing:
        return f"the window needs {', '.join(missing)}, not found on this system: {describe_packages(missing)}"
    if platform == "xcb" and not _has_x_server():
        display = os.environ.get("DISPLAY", "")
        return f"the display DISPLAY={display!r} does not answer; check that it runs and that this user may use it"
    if platform == "wayland" and not _has_wayland_server():
        display = os.environ.get("WAYLAND_DISPLAY", "")
        return f"the display WAYLAND_DISPLAY={display!r} does not answer; check that it runs"
    return ""


def _has_x_server() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    try:
        return bool(xcb.xcb_connection_has_error(connection) == 0)
    finally:
        xcb.xcb_disconnect(connection)


def _has_wayland_server() -> bool:
    path = Path(os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("WAYLAND_DISPLAY") or "wayland-0")
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True
