"""The live view with a fake camera."""

import base64
import csv
import math
import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from mememoji.analyzer import Analyzer
from mememoji.emotions import EMOTIONS
from tests.web.app_server import CHROMIUM_ARGUMENTS, find_free_port, run_service
from tests.web.conftest import CHROMIUM, OpenPage

LIVE = "#/live"


def start_camera(page: Page) -> None:
    page.get_by_role("button", name="Turn the camera on").click()
    expect(page.locator("[data-face]")).to_be_visible()


def wait_until(condition: Callable[[], bool], page: Page) -> None:
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the condition is not met after ten seconds")


class ResponseCounter:
    """The number of responses on the WebSockets of a page."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._increment))

    def _increment(self, _: object) -> None:
        self.count += 1


def read_plot(page: Page) -> str:
    """Return the pixels of the first plot as a data URL."""
    pixels: str = page.locator("[data-face] canvas").first.evaluate("canvas => canvas.toDataURL()")
    return pixels


def read_frozen_frame(page: Page) -> str:
    """Return the pixels of the paused image as a data URL."""
    pixels: str = page.get_by_role("img", name="The paused image").locator("canvas").evaluate("c => c.toDataURL()")
    return pixels


def find_face_offset(page: Page) -> float:
    """Return the distance of the drawn box from the box found in the paused image, in widths."""
    content = base64.b64decode(read_frozen_frame(page).split(",", 1)[1])
    (face,) = Analyzer().analyze(content).faces
    attributes = [page.locator(".stage svg rect").first.get_attribute(name) for name in ("x", "y", "width")]
    x, y, width = (float(value or "nan") for value in attributes)
    # The page shows its camera mirrored.
    return math.hypot(640 - x - width - face.box.x, y - face.box.y) / face.box.width


def test_pause_freezes_the_frame_and_the_plot(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, path=LIVE) as page:
        responses = ResponseCounter(page)
        start_camera(page)
        page.get_by_label("Meme faces").uncheck()
        expect(page.locator("[data-face]")).to_contain_text("Happy")
        before = read_plot(page)
        wait_until(lambda: read_plot(page) != before, page)
        wait_until(lambda: page.locator(".statistics").inner_text()[0] != "0", page)
        expect(page.locator(".statistics")).to_contain_text("a second")
        expect(page.locator(".statistics")).to_contain_text("s behind")
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused. Nothing is sent.")).to_be_visible()
        page.wait_for_timeout(500)
        count, plot, frame = responses.count, read_plot(page), read_frozen_frame(page)
        page.wait_for_timeout(500)
        assert (responses.count, read_plot(page), read_frozen_frame(page)) == (count, plot, frame)
        assert find_face_offset(page) < 0.25
        # The values of the plot are read with the keyboard and with the pointer.
        slider = page.get_by_role("slider", name="The last minute of face 1")
        slider.press("ArrowLeft")
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^\d+ s ago: Happy \d+ %"))
        slider.press("Escape")
        expect(page.get_by_text("Point at the plot")).to_be_visible()
        slider.hover()
        expect(page.locator(".reading")).to_contain_text("Happy")
        page.get_by_role("button", name="Resume").click()
        wait_until(lambda: responses.count > count + 3, page)


def test_live_view_sends_one_frame_at_a_time(open_page: OpenPage, service_url: str) -> None:
    def count_frames(outcome: str) -> int:
        lines = httpx.get(f"{service_url}metrics").text.splitlines()
        matching = [line for line in lines if line.startswith(f'mememoji_live_frames_total{{outcome="{outcome}"')]
        return int(float(matching[0].split()[-1])) if matching else 0

    with open_page(service_url, path=LIVE) as page:
        start_camera(page)
        before = count_frames("analyzed")
        wait_until(lambda: count_frames("analyzed") > before + 10, page)
    # However fast the camera is, a frame is sent after the response to the previous one.
    assert count_frames("skipped") == 0


def is_beside(page: Page, selector: str, other: str) -> bool:
    """Whether two elements do not overlap, both measured at the same moment; a rim of 6 pixels is left out."""
    result: bool = page.evaluate(
        """([selector, other]) => {
            const [a, b] = [selector, other].map((each) => document.querySelector(each).getBoundingClientRect());
            return a.right <= b.left + 6 || b.right <= a.left + 6 || a.bottom <= b.top + 6 || b.bottom <= a.top + 6;
        }""",
        [selector, other],
    )
    return result


def test_overlay_follows_the_face(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, path=LIVE) as page:
        start_camera(page)
        memes, card = page.get_by_role("switch", name="Meme faces"), page.locator(".card-at-face")
        expect(memes).to_be_checked()
        expect(page.locator(".stage svg rect")).to_have_count(0)
        expect(page.locator(".stage svg g[transform]")).to_have_count(1)
        expect(card).to_contain_text("Happy")
        # The first path is the head; the extent of the group includes what is clipped.
        assert is_beside(page, ".card-at-face", ".stage svg g[transform] path")
        memes.uncheck()
        expect(page.locator(".stage svg g[transform]")).to_have_count(0)
        expect(card.locator(".row")).to_have_count(len(EMOTIONS))
        assert is_beside(page, ".card-at-face", ".stage svg rect.box")
        box = page.locator("svg rect").first
        positions = set()
        for _ in range(10):
            positions.add(box.get_attribute("x"))
            page.wait_for_timeout(100)
        assert len(positions) > 3


def test_snapshot_opens_as_image_and_stops_the_camera(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, path=LIVE) as page:
        start_camera(page)
        page.evaluate("window.stream = document.querySelector('video').srcObject")
        assert page.evaluate("stream.getTracks().map(track => track.readyState)") == ["live"]
        page.get_by_role("button", name="Snapshot").click()
        expect(page.get_by_role("heading", level=2)).to_have_text("Happy")
        expect(page.get_by_role("img", name="Snapshot")).to_be_visible()
        assert page.evaluate("stream.getTracks().map(track => track.readyState)") == ["ended"]


def test_camera_stops_when_turned_off_or_the_view_is_left(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, path=LIVE) as page:
        for leave in ("button", "link"):
            start_camera(page)
            page.evaluate("window.stream = document.querySelector('video').srcObject")
            page.get_by_role(leave, name="Turn off" if leave == "button" else "About").click()
            assert page.evaluate("stream.getTracks().map(track => track.readyState)") == ["ended"]


def test_camera_selection_switches_the_camera(chromium: Browser, service_url: str) -> None:
    # A fake camera that plays a file is the only camera; without a file there can be two, with a test pattern.
    arguments = [*CHROMIUM_ARGUMENTS, "--use-fake-device-for-media-stream=device-count=2"]
    with chromium.browser_type.launch(executable_path=CHROMIUM, args=arguments) as browser:
        page = browser.new_context(permissions=["camera"]).new_page()
        page.goto(service_url + LIVE)
        responses = ResponseCounter(page)
        page.get_by_role("button", name="Turn the camera on").click()
        wait_until(lambda: responses.count > 0, page)
        page.evaluate("window.stream = document.querySelector('video').srcObject")
        cameras = page.get_by_label("Camera", exact=True)
        first = cameras.input_value()
        cameras.select_option(index=1)
        wait_until(lambda: page.evaluate("stream.getTracks()[0].readyState") == "ended", page)
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        count = responses.count
        wait_until(lambda: responses.count > count, page)
        assert cameras.input_value() != first


def count_rows(save: Locator) -> int:
    """Return the number of rows in "Stop and save 126 rows"."""
    return int(save.inner_text().split()[3])


def test_recording_saves_a_csv_timeline(open_page: OpenPage, service_url: str, tmp_path: Path) -> None:
    with open_page(service_url, path=LIVE) as page:
        start_camera(page)
        page.get_by_role("button", name="Record").click()
        save = page.get_by_role("button", name=re.compile("^Stop and save [0-9]+ row"))
        wait_until(lambda: count_rows(save) >= 5, page)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused. Nothing is sent or recorded.")).to_be_visible()
        count = count_rows(save)
        page.wait_for_timeout(300)
        assert count_rows(save) == count
        with page.expect_download() as saved:
            save.click()
        assert saved.value.suggested_filename == "mememoji-timeline.csv"
        rows = list(csv.DictReader(saved.value.path().read_text("utf-8").splitlines()))
        expect(page.get_by_role("button", name="Record")).to_be_visible()
    assert list(rows[0]) == ["time", "face", *EMOTIONS]
    times = [float(row["time"]) for row in rows]
    assert times == sorted(times)
    assert times[0] >= 0
    for row in rows:
        # On a busy machine frames are so far apart that the face may get another number.
        assert int(row["face"]) >= 1
        assert sum(float(row[emotion]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-3)
        assert float(row["happy"]) > 0.5


def test_lost_connection_is_reopened(open_page: OpenPage, built_app: None, tmp_path: Path) -> None:
    port = find_free_port()
    with ExitStack() as service:
        url = service.enter_context(run_service(tmp_path, port))
        with open_page(url, "Failed to load resource", "WebSocket connection", path=LIVE) as page:
            responses = ResponseCounter(page)
            start_camera(page)
            service.close()
            expect(page.get_by_role("alert")).to_contain_text("The connection was lost.")
            expect(page.get_by_text("No face in the image.")).to_be_visible()
            service.enter_context(run_service(tmp_path, port))
            count = responses.count
            expect(page.locator("[data-face]")).to_be_visible(timeout=20_000)
            expect(page.get_by_role("alert")).to_be_hidden()
            assert responses.count > count


def test_denied_camera_shows_an_error(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, path=LIVE, permissions=[]) as page:
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.get_by_role("alert")).to_contain_text("Camera access was denied.")
        page.context.grant_permissions(["camera"])
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("[data-face]")).to_be_visible()


def test_session_beyond_the_limit_shows_an_error(open_page: OpenPage, built_app: None, tmp_path: Path) -> None:
    with run_service(tmp_path, max_websockets="0") as url, open_page(url, "WebSocket connection", path=LIVE) as page:
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.get_by_role("alert")).to_contain_text("The service has reached its limit of live sessions")
        expect(page.get_by_text("No face in the image.")).to_be_visible()
