"""The web app as people have it: built, served by `mememoji serve`, in a real browser with a camera made of a file."""

import os
import runpy
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, WebSocket, sync_playwright

from tests.web.browsing import ASTRONAUT, CHROMIUM_ARGUMENTS, ROOT, camera_arguments, serving, write_camera

CHROMIUM = Path("/usr/bin/chromium")
WEB = ROOT / "web"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def missing(what: str) -> NoReturn:
    """Skip for want of something, or fail where `MEMEMOJI_TEST_ALL` says that nothing may be wanting."""
    if os.environ.get("MEMEMOJI_TEST_ALL"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def built() -> None:
    """The app built from the sources that are here."""
    failure = runpy.run_path(str(WEB / "build.py"))["build"]()
    if failure is not None:
        missing(f"the web app is not built: {failure}")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """What `npm ci` brings."""
    folder = WEB / "node_modules"
    if shutil.which("node") is None or not folder.is_dir():
        missing("no Node.js, or no node_modules: run `npm ci` in web/")
    return folder


# A browser for each module and not for the session: while Playwright's own loop runs in this thread, other modules'
# tests cannot run one.
@pytest.fixture(scope="module")
def chromium(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing(f"no Chromium at {CHROMIUM}; `apt-get install chromium` brings it")
    camera = write_camera(tmp_path_factory.mktemp("camera") / "camera.mjpeg")
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_ARGUMENTS, *camera_arguments(camera)]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's service has its store."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def address(built: None, folder: Path) -> Iterator[str]:
    """A service that may fetch from loopback."""
    with serving(folder, fetch_private="true") as started:
        yield started


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Browser) -> OpenPage:
    """Opens a service's page; when it is left, nothing has gone wrong in it and no request has left its origin.

    `troubles` are parts of console messages that are expected, as browsers write one for each request that fails.
    """

    @contextmanager
    def opened(address: str, *troubles: str, path: str = "", **given: Any) -> Iterator[Page]:
        context = chromium.new_context(
            **{"viewport": DESKTOP, "permissions": ["camera"], "reduced_motion": "reduce", **given}
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        wrong: list[str] = []

        def note_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not any(trouble in message.text for trouble in troubles):
                wrong.append(message.text)

        def note_request(request: Request) -> None:
            if not request.url.startswith((address, "data:", f"blob:{address}")):
                wrong.append(f"a request to {request.url}")

        def note_socket(socket: WebSocket) -> None:
            if not socket.url.startswith(address.replace("http", "ws", 1)):
                wrong.append(f"a socket to {socket.url}")

        page.on("console", note_console)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", note_request)
        page.on("websocket", note_socket)
        try:
            page.goto(address + path)
            yield page
        finally:
            context.close()
        assert wrong == []

    return opened


@pytest.fixture
def page(open_page: OpenPage, address: str) -> Iterator[Page]:
    with open_page(address) as opened:
        yield opened


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures: one face, none, thirty, and a file that is no picture."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    portrait = Image.open(ASTRONAUT).convert("RGB")
    portrait.save(folder / "portrait.jpg")
    portrait.save(folder / "portrait.tiff")
    Image.new("RGB", (320, 240), (120, 130, 140)).save(folder / "nobody.png")
    head = portrait.crop((170, 0, 320, 170)).resize((190, 215))
    crowd = Image.new("RGB", (6 * 220 + 40, 5 * 250 + 40), (90, 110, 130))
    for number in range(30):
        crowd.paste(head, (20 + number % 6 * 220, 20 + number // 6 * 250))
    crowd.save(folder / "crowd.jpg")
    (folder / "broken.png").write_text("no picture", "utf-8")
    return folder
