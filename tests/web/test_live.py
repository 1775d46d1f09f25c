"""The live view: a camera's frames to the service and back."""

import csv
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from mememoji.emotions import EMOTIONS
from tests.web.browsing import free_port, serving
from tests.web.conftest import OpenPage

LIVE = "#/live"


def start(page: Page) -> None:
    page.get_by_role("button", name="Turn the camera on").click()
    expect(page.locator("[data-face]")).to_be_visible()


def wait_until(holds: Callable[[], bool], page: Page) -> None:
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to hold within ten seconds")


class Answers:
    """How many frames have been answered on a page's sockets."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._add))

    def _add(self, _: object) -> None:
        self.count += 1


def drawn(page: Page) -> str:
    """The plot as its pixels."""
    pixels: str = page.locator("[data-face] canvas").first.evaluate("canvas => canvas.toDataURL()")
    return pixels


def test_the_plot_moves_until_it_is_paused(open_page: OpenPage, address: str) -> None:
    with open_page(address, path=LIVE) as page:
        answers = Answers(page)
        start(page)
        expect(page.locator("[data-face]")).to_contain_text("Happy")
        before = drawn(page)
        wait_until(lambda: drawn(page) != before, page)
        wait_until(lambda: page.locator(".figures").inner_text()[0] not in "0", page)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused")).to_be_visible()
        page.wait_for_timeout(500)
        count, still = answers.count, drawn(page)
        page.wait_for_timeout(500)
        assert (answers.count, drawn(page)) == (count, still)
        page.get_by_role("button", name="Go on").click()
        wait_until(lambda: answers.count > count + 3, page)


def test_no_frame_overtakes_another(open_page: OpenPage, address: str) -> None:
    def frames(outcome: str) -> int:
        lines = httpx.get(f"{address}metrics").text.splitlines()
        counted = [line for line in lines if line.startswith(f'mememoji_live_frames_total{{outcome="{outcome}"')]
        return int(float(counted[0].split()[-1])) if counted else 0

    with open_page(address, path=LIVE) as page:
        start(page)
        before = frames("read")
        wait_until(lambda: frames("read") > before + 10, page)
    # However fast the camera is, a frame waits for the answer to the one before.
    assert frames("skipped") == 0


def test_boxes_and_memes_follow_the_face(open_page: OpenPage, address: str) -> None:
    with open_page(address, path=LIVE) as page:
        start(page)
        box = page.locator("svg rect").first
        places = set()
        for _ in range(10):
            places.add(box.get_attribute("x"))
            page.wait_for_timeout(100)
        assert len(places) > 3
        page.get_by_label("Meme faces").check()
        expect(page.locator(".stage svg rect")).to_have_count(0)
        expect(page.locator(".stage svg g[transform]")).to_have_count(1)


def test_a_snapshot_goes_to_the_results_and_the_camera_stops(open_page: OpenPage, address: str) -> None:
    with open_page(address, path=LIVE) as page:
        start(page)
        page.evaluate("window.stream = document.querySelector('video').srcObject")
        assert page.evaluate("stream.getTracks().map(track => track.readyState)") == ["live"]
        page.get_by_role("button", name="Snapshot").click()
        expect(page.get_by_role("heading", level=2)).to_have_text("Happy")
        expect(page.get_by_role("img", name="Snapshot")).to_be_visible()
        assert page.evaluate("stream.getTracks().map(track => track.readyState)") == ["ended"]


def test_the_camera_stops_when_it_is_turned_off_or_the_view_is_left(open_page: OpenPage, address: str) -> None:
    with open_page(address, path=LIVE) as page:
        for leave in ("button", "link"):
            start(page)
            page.evaluate("window.stream = document.querySelector('video').srcObject")
            page.get_by_role(leave, name="Turn off" if leave == "button" else "About").click()
            assert page.evaluate("stream.getTracks().map(track => track.readyState)") == ["ended"]


def test_another_camera_is_taken(open_page: OpenPage, address: str) -> None:
    with open_page(address, path=LIVE) as page:
        start(page)
        page.evaluate("window.stream = document.querySelector('video').srcObject")
        cameras = page.get_by_label("Camera")
        first = cameras.input_value()
        cameras.select_option(index=1)
        wait_until(lambda: page.evaluate("stream.getTracks()[0].readyState") == "ended", page)
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(page.locator("[data-face]")).to_be_visible()
        assert cameras.input_value() != first


def test_a_timeline_is_recorded(open_page: OpenPage, address: str, tmp_path: Path) -> None:
    with open_page(address, path=LIVE) as page:
        start(page)
        page.get_by_role("button", name="Record").click()
        save = page.get_by_role("button", name="rows")
        wait_until(lambda: int(save.inner_text().split()[1]) >= 5, page)
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
        assert row["face"] == "1"
        assert sum(float(row[emotion]) for emotion in EMOTIONS) == pytest.approx(1, abs=1e-3)
        assert float(row["happy"]) > 0.5


def test_a_connection_that_breaks_off_comes_back(open_page: OpenPage, built: None, tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as service:
        address = service.enter_context(serving(tmp_path, port))
        with open_page(address, "Failed to load resource", "WebSocket connection", path=LIVE) as page:
            answers = Answers(page)
            start(page)
            service.close()
            expect(page.get_by_role("alert")).to_contain_text("The connection broke off.")
            expect(page.get_by_text("No face in the picture now.")).to_be_visible()
            service.enter_context(serving(tmp_path, port))
            count = answers.count
            expect(page.locator("[data-face]")).to_be_visible(timeout=20_000)
            expect(page.get_by_role("alert")).to_be_hidden()
            assert answers.count > count


def test_a_camera_that_is_denied_is_told(open_page: OpenPage, address: str) -> None:
    with open_page(address, path=LIVE, permissions=[]) as page:
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.get_by_role("alert")).to_contain_text("The camera is not allowed.")
        page.context.grant_permissions(["camera"])
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("[data-face]")).to_be_visible()


def test_sessions_beyond_the_limit_are_told_to_wait(open_page: OpenPage, built: None, tmp_path: Path) -> None:
    with serving(tmp_path, max_live="0") as address, open_page(address, "WebSocket connection", path=LIVE) as page:
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.get_by_role("alert")).to_contain_text("The service takes no more live sessions")
        expect(page.get_by_text("No face in the picture now.")).to_be_visible()
