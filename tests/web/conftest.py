"""Fixtures for tests of the built web app: `mememoji serve`, Chromium with a fake camera, and images."""

import fcntl
import os
import runpy
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, WebSocket, sync_playwright

from tests.web.app_server import (
    ASTRONAUT,
    CHROMIUM_ARGUMENTS,
    ROOT,
    fake_camera_arguments,
    run_service,
    write_camera_video,
)

CHROMIUM = Path("/usr/bin/chromium")
WEB = ROOT / "web"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test because a requirement is missing, or fail it if `MEMEMOJI_TEST_ALL` is set."""
    if os.environ.get("MEMEMOJI_TEST_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def built_app() -> None:
    """The app, built from the current sources. Test processes build it one after the other: the first one does."""
    script = WEB / "build.py"
    with script.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        failure = runpy.run_path(str(script))["build"]()
    if failure is not None:
        skip_or_fail(f"the web app is not built: {failure}")


@pytest.fixture(scope="session")
def node_modules(built_app: None) -> Path:
    """The packages that `npm ci` installs; after the build, which installs them anew."""
    folder = WEB / "node_modules"
    if shutil.which("node") is None or not folder.is_dir():
        skip_or_fail("Node.js or node_modules is missing: run `npm ci` in web/")
    return folder


# Module scope, not session scope: while Playwright's event loop runs in this thread, tests of other modules cannot
# run one.
@pytest.fixture(scope="module")
def chromium(built_app: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        skip_or_fail(f"Chromium is not installed at {CHROMIUM}: run `apt-get install chromium`")
    camera = write_camera_video(tmp_path_factory.mktemp("camera") / "camera.mjpeg")
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_ARGUMENTS, *fake_camera_arguments(camera)]
        # With scrollbars, as people see them.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=arguments, ignore_default_args=["--hide-scrollbars"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store of the module's service."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def service_url(built_app: None, store_folder: Path) -> Iterator[str]:
    """The URL of a service that may fetch images from loopback."""
    with run_service(store_folder, fetch_allow_private="true") as url:
        yield url


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Browser) -> OpenPage:
    """A function that opens the page of a service, and on exit asserts that it caused no errors or foreign requests.

    `expected_messages` are parts of console messages that are allowed: browsers write one for each failed request.
    """

    @contextmanager
    def open_page(url: str, *expected_messages: str, path: str = "", **options: Any) -> Iterator[Page]:
        context = chromium.new_context(
            **{"viewport": DESKTOP, "permissions": ["camera"], "reduced_motion": "reduce", **options}
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        errors: list[str] = []

        def check_console(message: ConsoleMessage) -> None:
            is_expected = any(expected in message.text for expected in expected_messages)
            if message.type in ("error", "warning") and not is_expected:
                errors.append(message.text)

        def check_request(request: Request) -> None:
            if not request.url.startswith((url, "data:", f"blob:{url}")):
                errors.append(f"a request to {request.url}")

        def check_websocket(websocket: WebSocket) -> None:
            if not websocket.url.startswith(url.replace("http", "ws", 1)):
                errors.append(f"a WebSocket to {websocket.url}")

        page.on("console", check_console)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", check_request)
        page.on("websocket", check_websocket)
        try:
            page.goto(url + path)
            yield page
        finally:
            context.close()
        assert errors == []

    return open_page


@pytest.fixture
def page(open_page: OpenPage, service_url: str) -> Iterator[Page]:
    with open_page(service_url) as page:
        yield page


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images with one, two, thirty and no faces, and a file that is not an image."""
    folder = tmp_path_factory.mktemp("images")
    portrait = Image.open(ASTRONAUT).convert("RGB")
    portrait.save(folder / "portrait.jpg")
    portrait.save(folder / "portrait.tiff")
    Image.new("RGB", (320, 240), (120, 130, 140)).save(folder / "empty.png")
    head = portrait.crop((170, 0, 320, 170)).resize((190, 215))
    crowd = Image.new("RGB", (6 * 220 + 40, 5 * 250 + 40), (90, 110, 130))
    for index in range(30):
        crowd.paste(head, (20 + index % 6 * 220, 20 + index // 6 * 250))
    crowd.save(folder / "crowd.jpg")
    crowd.crop((0, 0, 480, 290)).save(folder / "two.jpg")
    (folder / "broken.png").write_text("not an image", "utf-8")
    return folder
