"""The API in a browser: clients of the original on an origin of their own, and the documentation at `/docs`."""

import functools
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.web.app_server import ASTRONAUT, run_service
from tests.web.conftest import DESKTOP, PHONE, OpenPage

CLIENTS = Path(__file__).with_name("original_clients")


class QuietHandler(SimpleHTTPRequestHandler):
    """A handler that serves files and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden method
        """Log nothing."""


@pytest.fixture(scope="module")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of `mememoji serve` with the default settings."""
    with run_service(tmp_path_factory.mktemp("service")) as url:
        yield url


@pytest.fixture(scope="module")
def clients_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of another origin, with the clients and an image of 1.1 MB with one face."""
    folder = tmp_path_factory.mktemp("clients")
    for client in CLIENTS.iterdir():
        (folder / client.name).write_bytes(client.read_bytes())
    portrait = np.array(Image.open(ASTRONAUT).convert("RGB").resize((720, 720)), int)
    noise = np.random.default_rng(0).integers(-14, 14, portrait.shape)
    Image.fromarray(np.clip(portrait + noise, 0, 255).astype(np.uint8)).save(folder / "image.png")
    assert (folder / "image.png").stat().st_size > 1.4e6 * 3 / 4  # 1.4 MB as a data URL
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(permissions=["camera"])
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def test_query_client_gets_results_errors_and_feedback(page: Page, service_url: str, clients_url: str) -> None:
    page.goto(f"{clients_url}query.html?service={service_url}")
    state, face = page.locator("#state"), page.get_by_role("listitem")
    page.get_by_role("button", name="Send a file").click()
    expect(state).to_have_text("1 faces, annotated: data:image/jpeg;base64", timeout=15_000)
    expect(face).to_contain_text("happy")
    face.get_by_role("button", name="surprise").click()
    expect(page.locator("#feedback")).to_contain_text('"feedback":"surprise"')
    echo = json.loads(page.locator("#feedback").text_content() or "")
    assert (echo["face_index"], len(echo["id"])) == ("0", 32)

    # The address is one of this computer, which a service with default settings does not fetch: the page can read why.
    page.get_by_role("button", name="Send a URL").click()
    expect(state).to_contain_text("Error 2873: ")

    page.get_by_role("button", name="Send a webcam frame").click()
    expect(state).to_contain_text("1 faces", timeout=15_000)
    assert face.locator("img").evaluate("crop => [crop.naturalWidth, crop.naturalHeight]") == [40, 50]


def test_multipart_client_gets_all_fields_of_every_face(page: Page, service_url: str, clients_url: str) -> None:
    page.goto(f"{clients_url}multipart.html?service={service_url}")
    expect(page.locator("p")).to_have_text("2", timeout=15_000)
    expect(page.get_by_role("listitem")).to_have_text("0 happy true")
    crop = page.locator("img")
    crop.evaluate("crop => crop.decode()")
    assert crop.evaluate("crop => [crop.naturalWidth, crop.naturalHeight]") == [40, 50]


DOCS_STATES = ((DESKTOP, "light"), (PHONE["viewport"], "dark"))


@pytest.mark.parametrize(("viewport", "scheme"), DOCS_STATES, ids=["desktop, light", "phone, dark"])
def test_documentation_sends_requests_and_is_accessible(
    open_page: OpenPage, service_url: str, node_modules: Path, viewport: dict[str, int], scheme: str
) -> None:
    axe = (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")
    with open_page(service_url, path="docs", viewport=viewport, color_scheme=scheme) as page:
        route = page.locator("summary", has_text="/v1.0.0/predict")
        route.first.click()
        page.get_by_label("image_buf").set_input_files(ASTRONAUT)
        page.get_by_label("annotate_image").select_option("true")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("200 OK")).to_be_visible(timeout=15_000)
        expect(page.get_by_role("group", name="Body")).to_contain_text('"emotion": "happy"')
        expect(page.get_by_role("group", name="Command")).to_contain_text("curl -F 'image_buf=@astronaut.png'")
        expect(page.get_by_role("status").get_by_role("img")).to_have_count(2)  # the annotated image and a thumbnail
        page.get_by_role("link", name="PredictResponse").click()
        expect(page.get_by_text("The faces in reading order").first).to_be_visible()
        page.evaluate(axe)
        result = page.evaluate("axe.run({rules: {'target-size': {enabled: true}}})")
        assert [violation["id"] for violation in result["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        is_dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(17, 19, 24)"
        assert is_dark == (scheme == "dark")
