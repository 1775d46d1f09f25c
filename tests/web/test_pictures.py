"""Pictures in, faces out, feedback kept: in a real browser."""

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
from mememoji.storage.image_record import StoredPhoto
from tests.web.browsing import free_port, serving
from tests.web.conftest import OpenPage

FAILED = "Failed to load resource"


def headline(page: Page) -> Any:
    return page.get_by_role("heading", level=2)


def choose(page: Page, *files: Path) -> None:
    page.get_by_label("Picture files").set_input_files(files)


def read_sample(page: Page) -> str:
    """Have the sample picture read; gives its identifier."""
    with page.expect_response("**/predict") as answered:
        page.get_by_role("button", name="No picture at hand?").click()
    pic_id: str = answered.value.json()["pic_id"]
    expect(headline(page)).to_have_text("Happy")
    return pic_id


def stored(folder: Path, pic_id: str) -> StoredPhoto:
    store = open_store(f"sqlite:///{folder}/photos.db")
    try:
        return store.get(pic_id)
    finally:
        store.close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *given: Any) -> None:
        pass


@pytest.fixture
def web_server(pictures: Path) -> Iterator[str]:
    """Another server, where pictures lie."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(pictures))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_sample_picture_is_read(page: Page) -> None:
    read_sample(page)
    expect(page.get_by_text("a clear reading")).to_be_visible()
    shares = page.get_by_label("Composition").get_by_role("listitem").all_inner_texts()
    assert [share.split()[0] for share in shares] == ["Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"]
    assert 98 <= sum(int(share.split()[1]) for share in shares) <= 102
    expect(page.get_by_role("status")).to_have_text("Eileen Collins, NASA: one face.")


def test_an_address_is_read_and_its_picture_shown(page: Page, web_server: str) -> None:
    page.get_by_label("Address of a picture").fill(f"{web_server}/portrait.jpg")
    page.get_by_role("button", name="Read it").click()
    expect(headline(page)).to_have_text("Happy")
    assert page.get_by_role("img", name="portrait.jpg").evaluate("image => image.naturalWidth") == 512


def test_what_is_no_address_is_told(page: Page) -> None:
    page.get_by_label("Address of a picture").fill("portrait.jpg")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("alert")).to_contain_text("starts with https://")


def test_an_address_that_leads_nowhere_is_told(open_page: OpenPage, address: str, web_server: str) -> None:
    with open_page(address, FAILED) as page:
        page.get_by_label("Address of a picture").fill(f"{web_server}/none.jpg")
        page.get_by_role("button", name="Read it").click()
        expect(headline(page)).to_have_text("That did not work")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_several_files_are_a_strip(open_page: OpenPage, address: str, pictures: Path) -> None:
    with open_page(address, FAILED) as page:
        choose(
            page,
            *(pictures / name for name in ("portrait.jpg", "nobody.png", "crowd.jpg", "broken.png", "portrait.tiff")),
        )
        for name in (
            *("portrait.jpg, 1 face", "nobody.png, 0 faces", "crowd.jpg, 30 faces"),
            *("broken.png, could not be read", "portrait.tiff, 1 face"),
        ):
            expect(page.get_by_role("tab", name=name, exact=True)).to_be_visible()
        page.get_by_role("tab", name="nobody.png").click()
        expect(headline(page)).to_have_text("No face found")
        page.get_by_role("tab", name="broken.png").click()
        expect(page.get_by_text("This is no picture that can be read.")).to_be_visible()
        page.get_by_role("tab", name="crowd.jpg").click()
        expect(page.get_by_role("radio")).to_have_count(30)
        # A browser shows no TIFF; the service's copy of it is shown.
        page.get_by_role("tab", name="portrait.tiff").click()
        expect(page.get_by_role("img", name="portrait.tiff")).to_be_visible()
        page.get_by_role("button", name="Forget").click()
        expect(page.get_by_role("tab")).to_have_count(4)


GIVE = """([kind, name, bytes]) => {
  const data = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0));
  if (name) data.items.add(new File([content], name, {type: "image/jpeg"}));
  else data.setData("text/plain", atob(bytes));
  const event = kind === "drop" ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
    : new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
@pytest.mark.parametrize("what", ["file", "address"])
def test_pictures_and_addresses_are_dropped_and_pasted(
    page: Page, pictures: Path, web_server: str, kind: str, what: str
) -> None:
    content = (pictures / "portrait.jpg").read_bytes() if what == "file" else f"{web_server}/portrait.jpg".encode()
    page.evaluate(GIVE, [kind, "portrait.jpg" if what == "file" else "", base64.b64encode(content).decode()])
    expect(headline(page)).to_have_text("Happy")


def test_what_is_dropped_and_no_picture_is_told(page: Page) -> None:
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(["x"], "notes.txt", {type: "text/plain"}));
        document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }""")
    expect(page.get_by_role("status")).to_have_text("That is no picture.")


def test_feedback_is_in_the_store_and_is_taken_back(page: Page, folder: Path) -> None:
    pic_id = read_sample(page)
    page.get_by_label("What the face shows").select_option("Sad")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Remembered as Sad")).to_be_visible()
    assert stored(folder, pic_id).faces[0].feedback == (Emotion.SAD,)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Right as it is")).to_be_visible()
    assert stored(folder, pic_id).faces[0].feedback == ()
    page.get_by_role("button", name="Right as it is").click()
    expect(page.get_by_text("Remembered as Happy")).to_be_visible()
    assert stored(folder, pic_id).faces[0].feedback == (Emotion.HAPPY,)


def test_each_face_has_its_own_feedback(page: Page, pictures: Path, folder: Path) -> None:
    with page.expect_response("**/predict") as answered:
        choose(page, pictures / "crowd.jpg")
    page.get_by_role("radio", name="Face 7").click()
    page.get_by_label("What the face shows").select_option("Fear")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Remembered as Fear")).to_be_visible()
    page.get_by_role("radio", name="Face 8").click()
    expect(page.get_by_text("Remembered as")).to_be_hidden()
    said = [face.feedback for face in stored(folder, answered.value.json()["pic_id"]).faces]
    assert said == [(Emotion.FEAR,) if number == 6 else () for number in range(30)]


def test_a_forgotten_picture_is_gone(page: Page, folder: Path) -> None:
    pic_id = read_sample(page)
    assert stored(folder, pic_id).photo_id == pic_id
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("heading", name="What does a face show?")).to_be_visible()
    with pytest.raises(NotStoredError):
        stored(folder, pic_id)


def test_json_and_the_annotated_picture_are_saved(page: Page) -> None:
    pic_id = read_sample(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSON").click()
    told = json.loads(saved.value.path().read_bytes())
    assert (told["pic_id"], len(told["faces"])) == (pic_id, 1)
    seen = [saved_picture(page)]
    page.get_by_label("Meme faces").check()
    seen.append(saved_picture(page))
    (x, y), side = told["faces"][0]["location_xy"], told["faces"][0]["width"]
    boxed, meme = (picture[y : y + side, x : x + side].astype(int) for picture in seen)
    assert boxed.shape == meme.shape
    assert np.abs(boxed - meme).mean() > 30
    # Far from the face both are the same picture.
    assert np.abs(seen[0][400:].astype(int) - seen[1][400:]).mean() < 2


def saved_picture(page: Page) -> Any:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Picture", exact=True).click()
    assert saved.value.suggested_filename.endswith("-mememoji.jpg")
    picture = Image.open(io.BytesIO(saved.value.path().read_bytes()))
    assert (picture.format, picture.size) == ("JPEG", (512, 512))
    return np.asarray(picture)


def test_a_service_that_is_away_is_told_and_asked_again(open_page: OpenPage, built: None, tmp_path: Path) -> None:
    port = free_port()
    with open_service(open_page, port, tmp_path) as (page, stop_and_start):
        pic_id = read_sample(page)
        with stop_and_start():
            page.get_by_role("button", name="Right as it is").click()
            expect(page.get_by_role("article").get_by_text("The service cannot be reached.")).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("Remembered as Happy")).to_be_visible()
        assert stored(tmp_path, pic_id).faces[0].feedback == (Emotion.HAPPY,)
        with stop_and_start():
            page.get_by_label("Address of a picture").fill("http://127.0.0.1:1/x.jpg")
            page.get_by_role("button", name="Read it").click()
            expect(headline(page)).to_have_text("That did not work")
            expect(page.get_by_role("article").get_by_text("The service cannot be reached.")).to_be_visible()


@contextmanager
def open_service(open_page: OpenPage, port: int, folder: Path) -> Iterator[tuple[Page, Any]]:
    """A page, and a context in which its service is away."""
    with ExitStack() as service:
        address = service.enter_context(serving(folder, port))

        @contextmanager
        def away() -> Iterator[None]:
            service.close()
            yield
            service.enter_context(serving(folder, port))

        with open_page(address, FAILED, "WebSocket connection") as page:
            yield page, away


def test_a_service_that_wants_a_key_is_given_one(open_page: OpenPage, built: None, tmp_path: Path) -> None:
    with serving(tmp_path, api_keys="hush") as address, open_page(address, FAILED, "WebSocket connection") as page:
        dialog = page.get_by_role("dialog", name="This service wants a key")
        dialog.get_by_label("Key").fill("wrong")
        dialog.get_by_role("button", name="Use this key").click()
        expect(dialog.get_by_role("alert")).to_have_text("That key was refused. Try another.")
        dialog.get_by_label("Key").fill("hush")
        dialog.get_by_role("button", name="Use this key").click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_text("The service remembers what it found")).to_be_visible()
        read_sample(page)
        page.get_by_role("link", name="Live").click()
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.locator("[data-face]")).to_be_visible()


def test_a_service_without_a_store_takes_no_feedback(open_page: OpenPage, built: None, tmp_path: Path) -> None:
    with serving(tmp_path, store="none", fetch_urls="false") as address, open_page(address) as page:
        expect(page.get_by_text("keeps nothing of them")).to_be_visible()
        expect(page.get_by_label("Address of a picture")).to_be_hidden()
        read_sample(page)
        expect(page.get_by_text("so it takes no feedback")).to_be_visible()
        expect(page.get_by_role("button", name="Right as it is")).to_be_hidden()


def test_a_picture_larger_than_the_service_takes_is_made_smaller(
    open_page: OpenPage, built: None, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 60, (1500, 1500, 3), np.uint8)
    large = tmp_path / "large.png"
    Image.fromarray(noise).save(large)
    assert large.stat().st_size > 4_000_000
    with serving(tmp_path, max_body_bytes="2000000", store="none") as address, open_page(address) as page:
        choose(page, large)
        expect(headline(page)).to_have_text("No face found")


def test_the_page_is_walked_with_the_keyboard_alone(page: Page, pictures: Path) -> None:
    def press_until(name: str, role: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "() => [document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText,"
                " document.activeElement.getAttribute('role') ?? document.activeElement.tagName.toLowerCase()]"
            )
            if name in focused[0] and focused[1] == role:
                return
        raise AssertionError(f"no {role} {name!r} is reached with the Tab key")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    press_until("No picture at hand?", "button")
    page.keyboard.press("Enter")
    expect(headline(page)).to_have_text("Happy")
    with page.expect_file_chooser() as chooser:
        press_until("Add pictures", "button")
        page.keyboard.press("Enter")
    chooser.value.set_files(pictures / "crowd.jpg")
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
    press_until("Right as it is", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    press_until("Undo", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_focused()
