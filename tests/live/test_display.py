"""The check of the display, with the real Qt and a real X server."""

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.errors import RunError
from mememoji.live.display import check_display
from mememoji.live.shared_libraries import describe_packages, find_missing_libraries
from tests.live.conftest import skip_or_fail

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="displays are checked on Linux")


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def broken_qt(tmp_path: Path) -> Path:
    """A folder of Qt whose plugin for X11 needs a library that no system has, instead of libxcb-cursor."""
    PySide6 = pytest.importorskip("PySide6")  # noqa: N806 - the name of the package
    qt = Path(PySide6.__file__).parent / "Qt"
    plugin = Path("plugins", "platforms", "libqxcb.so")
    if not (qt / plugin).is_file():
        skip_or_fail("PySide6 has no plugin for X11 of its own")
    (tmp_path / plugin).parent.mkdir(parents=True)
    content = (qt / plugin).read_bytes()
    (tmp_path / plugin).write_bytes(content.replace(b"libxcb-cursor.so.0", b"libxcb-absent.so.0"))
    (tmp_path / "lib").symlink_to(qt / "lib")
    return tmp_path


def test_check_display_accepts_the_display_of_the_tests(display: None) -> None:
    check_display()


@pytest.mark.usefixtures("no_display")
def test_live_without_a_display_says_what_to_do(clip: Path) -> None:
    result = CliRunner().invoke(app, ["live", "--source", str(clip)])
    assert result.exit_code == 1
    assert result.stderr.startswith("mememoji: no display is available")
    assert "--headless" in result.stderr


@pytest.mark.usefixtures("no_display")
@pytest.mark.parametrize(
    ("name", "value"), [("DISPLAY", ":7777"), ("WAYLAND_DISPLAY", "wayland-77"), ("QT_QPA_PLATFORM", "xcb")]
)
def test_check_display_without_a_server_names_it(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(RunError, match=r"the display (WAYLAND_)?DISPLAY='.*' does not answer"):
        check_display()


def test_check_display_names_the_missing_library(display: None, broken_qt: Path) -> None:
    with pytest.raises(RunError, match=r"the window needs libxcb-absent\.so\.0, .*: apt install libxcb-absent0 "):
        check_display(broken_qt)


def test_find_missing_libraries_of_other_files_is_empty(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("not a library")
    assert find_missing_libraries(tmp_path / "text.so", tmp_path) == []
    assert find_missing_libraries(Path(shutil.which("sh") or sys.executable), tmp_path) == []


def test_describe_packages_names_those_of_both_distributions() -> None:
    libraries = ["libxcb-icccm.so.4", "libxcb-shape.so.0", "libxkbcommon-x11.so.0", "libEGL.so.1", "libnew-2.so.1"]
    assert describe_packages(libraries) == (
        "apt install libegl1 libnew-2-1 libxcb-icccm4 libxcb-shape0 libxkbcommon-x11-0 (Debian, Ubuntu) or "
        "dnf install 'libnew-2.so.1()(64bit)' libglvnd-egl libxcb libxkbcommon-x11 xcb-util-wm (Fedora)"
    )
