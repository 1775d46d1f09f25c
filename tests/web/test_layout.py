"""Accessibility (axe), color schemes, phone layout and layout shifts of all views."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Page, expect

from mememoji.classification.model_card import ModelCard
from mememoji.classification.shipped_classifiers import find_shipped_weights
from mememoji.model_files import card_path
from tests.web.app_server import run_service
from tests.web.conftest import PHONE, OpenPage

SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.shifts += e.value; }))
  .observe({type: "layout-shift", buffered: true});
"""

NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def axe(node_modules: Path) -> str:
    return (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")


def find_violations(page: Page, axe: str) -> list[str]:
    """Return the serious and critical violations that axe finds."""
    page.evaluate(axe)
    result: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def iterate_views(page: Page, images: Path) -> Iterator[str]:
    """Open the views one by one and yield their names."""
    expect(page.get_by_text("The service stores")).to_be_visible()
    yield "home"
    page.get_by_label("Image files").set_input_files(
        [images / name for name in ("crowd.jpg", "empty.png", "broken.png")]
    )
    expect(page.get_by_role("radio")).to_have_count(30)
    yield "thirty faces"
    page.get_by_label("Meme faces").check()
    page.get_by_role("button", name="Looks right").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    yield "meme faces and feedback"
    page.get_by_role("tab", name="empty.png").click()
    expect(page.get_by_role("heading", name="No face found")).to_be_visible()
    expect(page.get_by_label("Not added")).to_contain_text("broken.png")
    yield "no face, broken file"
    page.get_by_role("tab", name="crowd.jpg, 30 faces").click()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.get_by_text("The image itself is not stored, only what was found in it.")).to_be_visible()
    yield "no pixels"
    page.goto(f"{page.url.partition('#')[0]}#/images/unknown")
    expect(page.get_by_label("Not added")).to_contain_text("The image of this address is not stored")
    if (toggle := page.get_by_role("button", name="URL", exact=True)).is_visible():
        toggle.click()
    page.get_by_label("Image URL").fill("portrait.jpg")
    page.get_by_label("Image URL").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "unknown address, failed URL"
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    yield "live, off"
    page.get_by_role("button", name="Turn the camera on").click()
    expect(page.locator("[data-face]")).to_be_visible()
    yield "live, meme faces"
    page.get_by_label("Meme faces").uncheck()
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("slider", name="The last minute").press("ArrowLeft")
    yield "live, boxes, recording, paused, a value read"
    page.get_by_role("button", name="Stop and save").click()
    page.get_by_role("link", name="About", exact=True).click()
    scores = ModelCard.read(card_path(find_shipped_weights())).scores["expressions/val"]
    expect(page.get_by_text(f"{100 * scores['composition_accuracy_6']:.0f} of 100")).to_be_visible()
    yield "about"


def test_views_have_no_serious_axe_violation(open_page: OpenPage, service_url: str, images: Path, axe: str) -> None:
    with open_page(service_url, "Failed to load resource", reduced_motion="reduce") as page:
        for view in iterate_views(page, images):
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert find_violations(page, axe) == [], f"{view}, {scheme}"


def test_key_dialog_has_no_serious_axe_violation(
    open_page: OpenPage, built_app: None, tmp_path: Path, axe: str
) -> None:
    with run_service(tmp_path, api_keys="hush") as url, open_page(url, "Failed to load resource") as page:
        expect(page.get_by_role("dialog")).to_be_visible()
        assert find_violations(page, axe) == []


def test_views_on_a_phone_fit_the_width(open_page: OpenPage, service_url: str, images: Path) -> None:
    with open_page(service_url, "Failed to load resource", **PHONE) as page:
        for view in iterate_views(page, images):
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": 844})
                page.evaluate(NEXT_FRAME)
                assert page.evaluate("document.scrollingElement.scrollWidth") == width, f"{view}, {width}"


def test_phone_shows_the_bars_without_scrolling(open_page: OpenPage, service_url: str, images: Path) -> None:
    with open_page(service_url, **PHONE) as page:
        expect(page.get_by_role("button", name="Choose images")).to_be_visible()
        expect(page.get_by_text("drop images")).to_be_hidden()
        page.get_by_label("Image files").set_input_files([images / "two.jpg", images / "portrait.jpg"])
        expect(page.get_by_role("tab", name="portrait.jpg, 1 face")).to_be_visible()
        for name in ("two.jpg", "portrait.jpg"):
            page.get_by_role("tab", name=name).click()
            expect(page.get_by_label("Composition").get_by_role("listitem").last).to_be_in_viewport(ratio=1)


def test_page_has_no_layout_shift_while_loading_and_analyzing(
    open_page: OpenPage, service_url: str, images: Path
) -> None:
    with open_page(service_url) as page:
        page.add_init_script(SHIFTS)
        page.reload()
        page.get_by_label("Image files").set_input_files(images / "portrait.jpg")
        expect(page.get_by_role("heading", level=2)).to_have_text("Happy")
        page.get_by_role("button", name="Looks right").click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        assert page.evaluate("shifts") < 0.02


def test_header_and_drop_overlay_reach_the_right_edge(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, viewport={"width": 800, "height": 2000}) as page:
        # The page is shorter than the window: nothing but a scrollbar may be beside the header and the overlay.
        page.evaluate("document.body.dispatchEvent(new DragEvent('dragover', {bubbles: true, cancelable: true}))")
        expect(page.get_by_text("Drop to analyze")).to_be_visible()
        edge = Image.open(io.BytesIO(page.screenshot())).convert("RGB").crop((785, 0, 800, 2000))
        background = ImageColor.getrgb(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        assert background not in {color for _, color in edge.getcolors(edge.width * edge.height) or ()}


def test_color_scheme_follows_the_system_until_changed(open_page: OpenPage, service_url: str) -> None:
    with open_page(service_url, color_scheme="dark") as page:
        background = "getComputedStyle(document.documentElement).backgroundColor"
        dark = page.evaluate(background)
        page.get_by_role("button", name="Color scheme: system").click()
        light = page.evaluate(background)
        assert light != dark
        page.reload()
        assert page.evaluate(background) == light
        page.get_by_role("button", name="Color scheme: light").click()
        assert page.evaluate(background) == dark
