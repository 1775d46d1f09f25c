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


def correct(page: Page, emotion: str) -> None:
    """Send an emotion as feedback on the selected face by one of the six meme faces."""
    page.get_by_role("group", name="No, it shows").get_by_role("button", name=emotion).click()
    expect(page.get_by_text(f"Stored as {emotion}")).to_be_visible()


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
    pic_id = analyze_sample(page)
    expect(find_headline(page)).to_be_focused()
    expect(page.get_by_text("a clear result")).to_be_visible()
    rows = page.get_by_label("Composition").get_by_role("listitem").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"]
    percentages = [int(row.split()[1]) for row in rows]
    assert 98 <= sum(percentages) <= 102
    # What is 0 % in words has no trace of a bar.
    expect(page.locator("[aria-label=Composition] .bar:visible")).to_have_count(sum(map(bool, percentages)))
    expect(page.locator(".label")).to_have_text(f"Happy {percentages[2]} %")
    expect(page.get_by_role("status")).to_have_text("Eileen Collins, NASA: one face.")
    assert page.url.endswith(f"#/images/{pic_id}")


def test_image_url_is_analyzed_and_displayed(page: Page, image_server: str) -> None:
    page.get_by_label("Image URL").fill(f"{image_server}/portrait.jpg")
    page.get_by_role("button", name="Analyze").click()
    expect(find_headline(page)).to_have_text("Happy")
    assert page.get_by_role("img", name="portrait.jpg").evaluate("image => image.naturalWidth") == 512


def test_failed_url_stays_in_its_field(open_page: OpenPage, service_url: str, image_server: str) -> None:
    with open_page(service_url, FAILED_REQUEST) as page:
        field = page.get_by_label("Image URL")
        error = page.get_by_role("alert")
        for landmark in (page.get_by_role("button", name="Choose images"), page.get_by_role("article")):
            before = landmark.bounding_box()
            for url, message in (
                ("portrait.jpg", "must start with https://"),
                (f"{image_server}/none.jpg", "responded with 404"),
            ):
                field.fill(url)
                page.get_by_role("button", name="Analyze").click()
                expect(error).to_contain_text(message)
                expect(field).to_have_value(url)
                assert landmark.bounding_box() == before
            # Nothing is left of the failure: the sample is the only image.
            if page.get_by_role("button", name="No image at hand?").is_visible():
                field.fill("")
                analyze_sample(page)
            expect(page.get_by_role("tab")).to_have_count(0)


def test_several_files_form_a_thumbnail_strip(open_page: OpenPage, service_url: str, images: Path) -> None:
    with open_page(service_url, FAILED_REQUEST) as page:
        choose_files(page, *(images / name for name in ("broken.png", "portrait.jpg", "empty.png", "portrait.tiff")))
        for name in ("portrait.jpg, 1 face", "empty.png, 0 faces", "portrait.tiff, 1 face"):
            expect(page.get_by_role("tab", name=name, exact=True)).to_be_visible()
        expect(page.get_by_label("Not added")).to_contain_text("broken.png is not a readable image.")
        expect(page.get_by_role("tab")).to_have_count(3)
        page.get_by_role("button", name="Dismiss").click()
        expect(page.get_by_label("Not added")).to_be_hidden()
        page.get_by_role("tab", name="empty.png").click()
        expect(find_headline(page)).to_have_text("No face found")
        # Chromium cannot decode TIFF: the preview is the service's.
        page.get_by_role("tab", name="portrait.tiff").click()
        expect(page.get_by_role("img", name="portrait.tiff")).to_be_visible()
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("tab")).to_have_count(2)


# The rectangles of the labels in the image, with their texts.
READ_LABELS = """() => [...document.querySelectorAll(".label")].map(label => {
  const {left, top, right, bottom} = label.getBoundingClientRect();
  return [label.innerText, left, top, right, bottom];
})"""


# The number of pairs of parts of the result that overlap: the image, the switch, the panel and the actions.
COUNT_OVERLAPS = """() => {
  const boxes = [...document.querySelector("article").children].map(part => part.getBoundingClientRect());
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
}"""


def read_labels(page: Page) -> list[str]:
    """Return the texts of the labels after a check that none overlaps another one."""
    labels = page.evaluate(READ_LABELS)
    for index, (text, left, top, right, bottom) in enumerate(labels):
        for other, other_left, other_top, other_right, other_bottom in labels[index + 1 :]:
            is_apart = left >= other_right or right <= other_left or top >= other_bottom or bottom <= other_top
            assert is_apart, f"{text!r} overlaps {other!r}"
    return [label[0] for label in labels]


def test_thirty_faces_have_an_overview(page: Page, images: Path) -> None:
    choose_files(page, images / "crowd.jpg")
    expect(find_headline(page)).to_have_text("30 faces: 30 happy")
    expect(page.locator(".label")).to_have_count(30)
    labels = read_labels(page)
    assert [int(label.split()[0]) for label in labels] == list(range(1, 31))
    assert all("Happy" in label for label in labels)
    options = page.get_by_role("listbox", name="Faces").get_by_role("option")
    expect(options).to_have_count(30)
    assert [option.split()[:2] for option in options.all_inner_texts()] == [[str(n), "Happy"] for n in range(1, 31)]
    options.nth(6).click()
    expect(page.get_by_text("Face 7 of 30")).to_be_visible()
    expect(page.get_by_role("radio", name="Face 7:")).to_be_checked()
    page.keyboard.press("End")
    expect(options.nth(29)).to_be_focused()
    expect(options.nth(29)).to_be_in_viewport(ratio=1)
    page.keyboard.press("PageUp")
    expect(page.get_by_text("Face 20 of 30")).to_be_visible()
    page.get_by_label("Meme faces").check()
    read_labels(page)
    for width in (390, 1000, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        # The labels are placed once the browser has reported the new size to the page.
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        read_labels(page)
        assert page.evaluate(COUNT_OVERLAPS) == 0, width
    # Nothing is drawn across the meme faces.
    styles = page.get_by_role("radio").evaluate_all(
        "faces => faces.map(face => getComputedStyle(face)).map(style => [style.boxShadow, style.outlineStyle])"
    )
    assert styles == [["none", "none"]] * 30


DISPATCH_EVENT = """([kind, files, text]) => {
  const data = new DataTransfer();
  for (const [name, type, bytes] of files) {
    const content = Uint8Array.from(atob(bytes), character => character.charCodeAt(0));
    data.items.add(new File([content], name, {type}));
  }
  if (text) data.setData("text/plain", text);
  const options = {bubbles: true, cancelable: true};
  const event = kind === "drop" ? new DragEvent("drop", {dataTransfer: data, ...options})
    : new ClipboardEvent("paste", {clipboardData: data, ...options});
  document.body.dispatchEvent(event);
}"""


def transfer(page: Page, kind: str, *files: tuple[str, str, bytes], text: str = "") -> None:
    """Drop or paste files, given by name, media type and content, or a text."""
    encoded = [(name, media_type, base64.b64encode(content).decode()) for name, media_type, content in files]
    page.evaluate(DISPATCH_EVENT, [kind, encoded, text])


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_dropped_or_pasted_image_or_url_is_analyzed(page: Page, images: Path, image_server: str, kind: str) -> None:
    transfer(page, kind, ("portrait.jpg", "image/jpeg", (images / "portrait.jpg").read_bytes()))
    expect(find_headline(page)).to_have_text("Happy")
    transfer(page, kind, text=f"{image_server}/crowd.jpg")
    expect(find_headline(page)).to_have_text("30 faces: 30 happy")


def test_dropped_files_that_are_not_images_are_named(page: Page, images: Path) -> None:
    transfer(
        page,
        "drop",
        ("notes.txt", "text/plain", b"x"),
        ("clip.mp4", "video/mp4", b"\0\0\0\x18ftypisom"),
        # What the content is counts more than the name and the media type.
        ("image.bin", "application/octet-stream", (images / "portrait.jpg").read_bytes()),
        ("IMG_1.HEIC", "", b"\0\0\0\x18ftypheic"),
        ("nothing.png", "image/png", b""),
    )
    expect(find_headline(page)).to_have_text("Happy")
    assert page.get_by_label("Not added").get_by_role("listitem").all_inner_texts() == [
        "notes.txt is not a readable image.",
        "clip.mp4 is a video. Analyze it on the command line: mememoji video clip.mp4",
        "IMG_1.HEIC is a HEIC image, which this browser cannot decode. Convert it to JPEG.",
        "nothing.png is empty: it has no bytes.",
    ]
    expect(page.get_by_label("Not added")).to_contain_text("JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF are supported.")
    expect(page.get_by_role("tab")).to_have_count(0)


def test_feedback_is_stored_and_can_be_deleted(page: Page, store_folder: Path) -> None:
    pic_id = analyze_sample(page)
    correct(page, "Sad")
    expect(page.get_by_text("Is this correct?")).to_be_hidden()
    assert read_record(store_folder, pic_id).faces[0].feedback == (Emotion.SAD,)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Is this correct?")).to_be_focused()
    assert read_record(store_folder, pic_id).faces[0].feedback == ()
    page.get_by_role("button", name="Looks right").click()
    expect(page.get_by_text("Stored as Happy")).to_be_visible()
    assert read_record(store_folder, pic_id).faces[0].feedback == (Emotion.HAPPY,)


def test_feedback_is_stored_per_face(page: Page, images: Path, store_folder: Path) -> None:
    with page.expect_response("**/predict") as response:
        choose_files(page, images / "crowd.jpg")
    page.get_by_role("radio", name="Face 7").click()
    correct(page, "Fear")
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
        page.get_by_role("button", name="Save JSON").click()
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
        page.get_by_role("button", name="Save image").click()
    assert download.value.suggested_filename.endswith("-mememoji.jpg")
    image = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert (image.format, image.size) == ("JPEG", (512, 512))
    return np.asarray(image)


def test_unreachable_service_shows_an_error_and_can_be_retried(
    open_page: OpenPage, built_app: None, tmp_path: Path, images: Path
) -> None:
    port = find_free_port()
    with open_restartable(open_page, port, tmp_path) as (page, stopped):
        pic_id = analyze_sample(page)
        with stopped():
            page.get_by_role("button", name="Looks right").click()
            expect(page.get_by_role("article").get_by_text("The service cannot be reached.")).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("Stored as Happy")).to_be_visible()
        assert read_record(tmp_path, pic_id).faces[0].feedback == (Emotion.HAPPY,)
        with stopped():
            choose_files(page, images / "portrait.jpg", images / "portrait.tiff")
            expect(find_headline(page)).to_have_text("Analysis failed")
            expect(page.get_by_role("article").get_by_text("The service cannot be reached.")).to_be_visible()
            # The page has no image of the other file to show.
            rejection = page.get_by_label("Not added").get_by_role("listitem")
            expect(rejection).to_contain_text("portrait.tiff could not be analyzed. The service cannot be reached.")
            expect(page.get_by_role("tab")).to_have_count(2)
        rejection.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("tab", name="portrait.tiff, 1 face")).to_be_visible()


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
    press_until("Looks right", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    press_until("Undo", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Is this correct?")).to_be_focused()
