"""The address of a result: reload, another tab, API keys, and images or pixels that are not stored."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.web.app_server import run_service
from tests.web.conftest import OpenPage

FAILED_REQUEST = "Failed to load resource"


def choose_images(page: Page, images: Path, *names: str) -> None:
    page.get_by_label("Image files").set_input_files([images / name for name in names])


def wait_for_portrait(page: Page) -> None:
    """Wait for the result of an image with one happy face."""
    expect(page.get_by_role("heading", level=2)).to_have_text("Happy")


def test_results_survive_a_reload(open_page: OpenPage, built_app: None, tmp_path: Path, images: Path) -> None:
    with run_service(tmp_path, store_pixels="received") as url:
        with open_page(url) as page:
            choose_images(page, images, "portrait.jpg", "crowd.jpg", "empty.png")
            page.get_by_role("tab", name="crowd.jpg, 30 faces").click()
            page.get_by_role("option", name="Face 7").click()
            page.get_by_role("button", name="Looks right").click()
            expect(page.get_by_text("Stored as Happy")).to_be_visible()
            expect(page.get_by_role("tab", name="empty.png, 0 faces")).to_be_visible()
            address = page.url
            page.reload()
            for name in ("portrait.jpg, 1 face", "crowd.jpg, 30 faces", "empty.png, 0 faces"):
                expect(page.get_by_role("tab", name=name)).to_be_visible()
            assert page.url == address
            # The tab has kept a small copy of the image.
            assert page.get_by_role("img", name="crowd.jpg").evaluate("image => image.naturalWidth") == 1024
            page.get_by_role("option", name="Face 7").click()
            expect(page.get_by_text("Stored as Happy")).to_be_visible()
            page.get_by_role("tab", name="portrait.jpg").click()
            assert page.url != address
            # An image that is deleted does not come back.
            page.get_by_role("button", name="Delete").click()
            expect(page.get_by_role("tab")).to_have_count(2)
            page.reload()
            expect(page.get_by_role("tab")).to_have_count(2)
            page.goto(address)
            expect(page.get_by_role("tab", name="crowd.jpg", selected=True)).to_be_visible()
        with open_page(url, path=address.removeprefix(url)) as page:
            image = page.get_by_role("img", name="Image of")
            expect(image).to_be_visible()
            # The preview of the service: in another tab there is no copy.
            assert image.evaluate("image => image.naturalWidth") == 1360


def test_service_with_api_keys_asks_for_a_key(
    open_page: OpenPage, built_app: None, tmp_path: Path, images: Path
) -> None:
    with run_service(tmp_path, api_keys="hush") as url:
        with open_page(url, FAILED_REQUEST, "WebSocket connection") as page:
            dialog = page.get_by_role("dialog", name="This service requires an API key")
            dialog.get_by_label("API key").fill("wrong")
            dialog.get_by_role("button", name="Use this key").click()
            expect(dialog.get_by_role("alert")).to_have_text("This key is not valid. Try another one.")
            dialog.get_by_label("API key").fill("hush")
            dialog.get_by_role("button", name="Use this key").click()
            expect(dialog).to_be_hidden()
            expect(page.get_by_text("The service stores the results")).to_be_visible()
            choose_images(page, images, "portrait.jpg")
            wait_for_portrait(page)
            address = page.url
            page.get_by_role("link", name="Live").click()
            page.get_by_role("button", name="Turn the camera on").click()
            expect(page.locator("[data-face]")).to_be_visible()
        with open_page(url, FAILED_REQUEST, path=address.removeprefix(url)) as page:
            page.get_by_role("button", name="Not now").click()
            expect(page.get_by_role("heading", name="The result cannot be fetched")).to_be_visible()
            page.get_by_role("button", name="Try again").click()
            page.get_by_role("textbox", name="API key").fill("hush")
            page.get_by_role("button", name="Use this key").click()
            # The service stores no pixels: the meme face is shown in place of the image.
            wait_for_portrait(page)
            expect(page.get_by_text("The image itself is not stored, only what was found in it.")).to_be_visible()
            expect(page.locator(".memes")).to_be_visible()
            expect(page.get_by_role("button", name="Save image")).to_be_disabled()
            page.get_by_role("button", name="Delete").click()
            expect(page.get_by_role("heading", name="What does a face show?")).to_be_visible()
            page.goto(address)
            expect(page.get_by_label("Not added")).to_contain_text("The image of this address is not stored")
            expect(page).to_have_url(f"{url}#/")


def test_service_without_a_store_disables_feedback(
    open_page: OpenPage, built_app: None, tmp_path: Path, images: Path
) -> None:
    with run_service(tmp_path, store="none", fetch_urls="false") as url, open_page(url) as page:
        expect(page.get_by_text("this service stores nothing of them")).to_be_visible()
        expect(page.get_by_label("Image URL")).to_be_hidden()
        choose_images(page, images, "portrait.jpg")
        wait_for_portrait(page)
        expect(page.get_by_text("so it does not accept feedback")).to_be_visible()
        expect(page.get_by_role("button", name="Looks right")).to_be_hidden()
        # Only the tab has the result.
        page.wait_for_function("sessionStorage.getItem('mememoji-images') !== null")
        page.reload()
        wait_for_portrait(page)
        expect(page.get_by_role("img", name="portrait.jpg")).to_be_visible()
