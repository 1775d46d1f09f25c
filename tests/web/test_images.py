"""The images view: input, results, feedback and deletion."""

import base64
import functools
import io
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mememoji.emotions import Emotion
from mememoji.errors import NotStoredError
from mememoji.storage.factory import open_store
from mememoji.storage.image_record import ImageRecord
from tests.web.app_server import find_free_port, run_service
from tests.web.conftest import OpenPage

FAILED_REQUEST = "Failed to load resource"


def find_headline(page: Page) -> Any:
    return page.get_by_role("heading", level=2)


def choose_files(page: Page, *files: Path) -> None:
    page.get_by_label("Image files").set_input_files(files)


def analyze_sample(page: Page) -> str:
    """Analyze the sample image and return its identifier."""
    with page.expect_response("**/predict") as response:
        page.get_by_role("button", name="No image at hand?").click()
    pic_id: str = response.value.json()["pic_id"]
    expect(find_headline(page)).to_have_text("Happy")
    return pic_id


def read_record(folder: Path, pic_id: str) -> ImageRecord:
    store = open_store(f"sqlite:///{folder}/images.db")
    try:
        return store.get(pic_id)
    finally:
        store.close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def image_server(images: Path) -> Iterator[str]:
    """The URL of another server, with the test images."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(images))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_sample_image_shows_its_composition(page: Page) -> None:
    analyze_sample(page)
    expect(page.get_by_text("a clear result")).to_be_visible()
    rows = page.get_by_label("Composition").get_by_role("listitem").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"]
    assert 98 <= sum(int(row.split()[1]) for row in rows) <= 102
    expect(page.get_by_role("status")).to_have_text("Eileen Collins, NASA: one face.")


def test_image_url_is_analyzed_and_displayed(page: Page, image_server: str) -> None:
    page.get_by_label("Image URL").fill(f"{image_server}/portrait.jpg")
    page.get_by_role("button", name="Analyze").click()
    expect(find_headline(page)).to_have_text("Happy")
    assert page.get_by_role("img", name="portrait.jpg").evaluate("image => image.naturalWidth") == 512


def test_invalid_url_shows_an_error(page: Page) -> None:
    page.get_by_label("Image URL").fill("portrait.jpg")
    page.get_by_role("button", name="Analyze").click()
    expect(page.get_by_role("alert")).to_contain_text("must start with https://")


def test_unreachable_url_shows_an_error(open_page: OpenPage, service_url: str, image_server: str) -> None:
    with open_page(service_url, FAILED_REQUEST) as page:
        page.get_by_label("Image URL").fill(f"{image_server}/none.jpg")
        page.get_by_role("button", name="Analyze").click()
        expect(find_headline(page)).to_have_text("Analysis failed")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_several_files_form_a_thumbnail_strip(open_page: OpenPage, service_url: str, images: Path) -> None:
    with open_page(service_url, FAILED_REQUEST) as page:
        choose_files(
            page,
            *(images / name for name in ("portrait.jpg", "empty.png", "crowd.jpg", "broken.png", "portrait.tiff")),
        )
        for name in (
            *("portrait.jpg, 1 face", "empty.png, 0 faces", "crowd.jpg, 30 faces"),
            *("broken.png, could not be analyzed", "portrait.tiff, 1 face"),
        ):
            expect(page.get_by_role("tab", name=name, exact=True)).to_be_visible()
        page.get_by_role("tab", name="empty.png").click()
        expect(find_headline(page)).to_have_text("No face found")
        page.get_by_role("tab", name="broken.png").click()
        expect(page.get_by_text("This file is not a readable image.")).to_be_visible()
        page.get_by_role("tab", name="crowd.jpg").click()
        expect(page.get_by_role("radio")).to_have_count(30)
        # Chromium cannot decode TIFF: the preview is the service's.
        page.get_by_role("tab", name="portrait.tiff").click()
        expect(page.get_by_role("img", name="portrait.tiff")).to_be_visible()
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("tab")).to_have_count(4)


DISPATCH_EVENT = """([kind, name, bytes]) => {
  const data = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), character => character.charCodeAt(0));
  if (name) data.items.add(new File([content], name, {type: "image/jpeg"}));
  else data.setData("text/plain", atob(bytes));
  const event = kind === "drop" ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
    : new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
@pytest.mark.parametrize("content_type", ["file", "url"])
def test_dropped_or_pasted_image_is_analyzed(
    page: Page, images: Path, image_server: str, kind: str, content_type: str
) -> None:
    content = (
        (images / "portrait.jpg").read_bytes() if content_type == "file" else f"{image_server}/portrait.jpg".encode()
    )
    page.evaluate(
        DISPATCH_EVENT, [kind, "portrait.jpg" if content_type == "file" else "", base64.b64encode(content).decode()]
    )
    expect(find_headline(page)).to_have_text("Happy")


def test_dropped_file_that_is_not_an_image_shows_an_error(page: Page) -> None:
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(["x"], "notes.txt", {type: "text/plain"}));
        document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }""")
    expect(page.get_by_role("status")).to_have_text("Not an image.")


def test_feedback_is_stored_and_can_be_deleted(page: Page, store_folder: Path) -> None:
    pic_id = analyze_sample(page)
    page.get_by_label("What the face shows").select_option("Sad")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Stored as Sad")).to_be_visible()
    assert read_record(store_folder, pic_id).faces[0].feedback == (Emotion.SAD,)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Yes, correct")).to_be_visible()
    assert read_record(store_folder, pic_id).faces[0].feedback == ()
    page.get_by_role("button", name="Yes, correct").click()
    expect(page.get_by_text("Stored as Happy")).to_be_visible()
    assert read_record(store_folder, pic_id).faces[0].feedback == (Emotion.HAPPY,)


def test_feedback_is_stored_per_face(page: Page, images: Path, store_folder: Path) -> None:
    with page.expect_response("**/predict") as response:
        choose_files(page, images / "crowd.jpg")
    page.get_by_role("radio", name="Face 7").click()
    page.get_by_label("What the face shows").select_option("Fear")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Stored as Fear")).to_be_visible()
    page.get_by_role("radio", name="Face 8").click()
    expect(page.get_by_text("Stored as")).to_be_hidden()
    feedback = [face.feedback for face in read_record(store_folder, response.value.json()["pic_id"]).faces]
    assert feedback == [(Emotion.FEAR,) if index == 6 else () for index in range(30)]


def test_deleted_image_is_removed_from_the_store(page: Page, store_folder: Path) -> None:
    pic_id = analyze_sample(page)
    assert read_record(store_folder, pic_id).image_id == pic_id
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="What does a face show?")).to_be_visible()
    with pytest.raises(NotStoredError):
        read_record(store_folder, pic_id)


def test_json_and_annotated_image_are_downloaded(page: Page) -> None:
    pic_id = analyze_sample(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    result = json.loads(download.value.path().read_bytes())
    assert (result["pic_id"], len(result["faces"])) == (pic_id, 1)
    annotated = [download_annotated(page)]
    page.get_by_label("Meme faces").check()
    annotated.append(download_annotated(page))
    (x, y), size = result["faces"][0]["location_xy"], result["faces"][0]["width"]
    boxed, meme = (image[y : y + size, x : x + size].astype(int) for image in annotated)
    assert boxed.shape == meme.shape
    assert np.abs(boxed - meme).mean() > 30
    # Away from the face both images are equal.
    assert np.abs(annotated[0][400:].astype(int) - annotated[1][400:]).mean() < 2


def download_annotated(page: Page) -> Any:
    with page.expect_download() as download:
        page.get_by_role("button", name="Image", exact=True).click()
    assert download.value.suggested_filename.endswith("-mememoji.jpg")
    image = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert (image.format, image.size) == ("JPEG", (512, 512))
    return np.asarray(image)


def test_unreachable_service_shows_an_error_and_can_be_retried(
    open_page: OpenPage, built_app: None, tmp_path: Path
) -> None:
    port = find_free_port()
    with open_restartable(open_page, port, tmp_path) as (page, stopped):
        pic_id = analyze_sample(page)
        with stopped():
            page.get_by_role("button", name="Yes, correct").click()
            expect(page.get_by_role("article").get_by_text("The service cannot be reached.")).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("Stored as Happy")).to_be_visible()
        assert read_record(tmp_path, pic_id).faces[0].feedback == (Emotion.HAPPY,)
        with stopped():
            page.get_by_label("Image URL").fill("http://127.0.0.1:1/x.jpg")
            page.get_by_role("button", name="Analyze").click()
            expect(find_headline(page)).to_have_text("Analysis failed")
            expect(page.get_by_role("article").get_by_text("The service cannot be reached.")).to_be_visible()


@contextmanager
def open_restartable(open_page: OpenPage, port: int, folder: Path) -> Iterator[tuple[Page, Any]]:
    """Yield a page and a function that returns a context in which its service is stopped."""
    with ExitStack() as service:
        url = service.enter_context(run_service(folder, port))

        @contextmanager
        def stopped() -> Iterator[None]:
            service.close()
            yield
            service.enter_context(run_service(folder, port))

        with open_page(url, FAILED_REQUEST, "WebSocket connection") as page:
            yield page, stopped


def test_service_with_api_keys_asks_for_a_key(open_page: OpenPage, built_app: None, tmp_path: Path) -> None:
    with (
        run_service(tmp_path, api_keys="hush") as url,
        open_page(url, FAILED_REQUEST, "WebSocket connection") as page,
    ):
        dialog = page.get_by_role("dialog", name="This service requires an API key")
        dialog.get_by_label("API key").fill("wrong")
        dialog.get_by_role("button", name="Use this key").click()
        expect(dialog.get_by_role("alert")).to_have_text("This key is not valid. Try another one.")
        dialog.get_by_label("API key").fill("hush")
        dialog.get_by_role("button", name="Use this key").click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_text("The service stores the results")).to_be_visible()
        analyze_sample(page)
        page.get_by_role("link", name="Live").click()
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.locator("[data-face]")).to_be_visible()


def test_service_without_a_store_disables_feedback(open_page: OpenPage, built_app: None, tmp_path: Path) -> None:
    with run_service(tmp_path, store="none", fetch_urls="false") as url, open_page(url) as page:
        expect(page.get_by_text("this service stores nothing of them")).to_be_visible()
        expect(page.get_by_label("Image URL")).to_be_hidden()
        analyze_sample(page)
        expect(page.get_by_text("so it does not accept feedback")).to_be_visible()
        expect(page.get_by_role("button", name="Yes, correct")).to_be_hidden()


def test_file_above_the_size_limit_is_downscaled(open_page: OpenPage, built_app: None, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 60, (1500, 1500, 3), np.uint8)
    large = tmp_path / "large.png"
    Image.fromarray(noise).save(large)
    assert large.stat().st_size > 4_000_000
    with run_service(tmp_path, max_body_bytes="2000000", store="none") as url, open_page(url) as page:
        choose_files(page, large)
        expect(find_headline(page)).to_have_text("No face found")


def test_page_is_usable_with_the_keyboard_alone(page: Page, images: Path) -> None:
    def press_until(name: str, role: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "() => [document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText,"
                " document.activeElement.getAttribute('role') ?? document.activeElement.tagName.toLowerCase()]"
            )
            if name in focused[0] and focused[1] == role:
                return
        raise AssertionError(f"the Tab key does not reach the {role} {name!r}")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press_until("No image at hand?", "button")
    page.keyboard.press("Enter")
    expect(find_headline(page)).to_have_text("Happy")
    with page.expect_file_chooser() as chooser:
        press_until("Add images", "button")
        page.keyboard.press("Enter")
    chooser.value.set_files(images / "crowd.jpg")
    expect(page.get_by_role("radio")).to_have_count(30)
    press_until("crowd.jpg", "tab")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Eileen Collins")).to_be_focused()
    page.keyboard.press("End")
    press_until("Face", "radio")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Face 2:")).to_be_focused()
    expect(page.get_by_text("Face 2 of 30")).to_be_visible()
    press_until("Yes, correct", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    press_until("Undo", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Is this correct?")).to_be_focused()
