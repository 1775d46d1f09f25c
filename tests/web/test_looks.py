"""Every view for everybody: no serious fault by axe, light and dark; nothing out of place on a phone; nothing jumps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.browsing import serving
from tests.web.conftest import PHONE, OpenPage

SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.shifts += e.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture(scope="module")
def axe(node_modules: Path) -> str:
    return (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")


def faults(page: Page, axe: str) -> list[str]:
    """What axe calls serious or critical."""
    page.evaluate(axe)
    told: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in told["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def views(page: Page, pictures: Path) -> Iterator[str]:
    """Goes through the views one by one."""
    expect(page.get_by_text("The service remembers")).to_be_visible()
    yield "home"
    page.get_by_label("Picture files").set_input_files(
        [pictures / name for name in ("crowd.jpg", "nobody.png", "broken.png")]
    )
    expect(page.get_by_role("radio")).to_have_count(30)
    yield "thirty faces"
    page.get_by_label("Meme faces").check()
    page.get_by_role("button", name="Right as it is").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    yield "meme faces and feedback"
    page.get_by_role("tab", name="nobody.png").click()
    expect(page.get_by_role("heading", name="No face found")).to_be_visible()
    yield "no face"
    page.get_by_role("tab", name="broken.png, could not be read").click()
    yield "broken"
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    yield "live, off"
    page.get_by_role("button", name="Turn the camera on").click()
    expect(page.locator("[data-face]")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    yield "live, paused"
    page.get_by_role("link", name="About", exact=True).click()
    expect(page.get_by_text("SHA-256")).to_be_visible()
    yield "about"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_page: OpenPage, address: str, pictures: Path, axe: str, scheme: str) -> None:
    with open_page(address, "Failed to load resource", color_scheme=scheme) as page:
        for view in views(page, pictures):
            assert faults(page, axe) == [], view


def test_axe_finds_no_serious_fault_where_a_key_is_asked_for(
    open_page: OpenPage, built: None, tmp_path: Path, axe: str
) -> None:
    with serving(tmp_path, api_keys="hush") as address, open_page(address, "Failed to load resource") as page:
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults(page, axe) == []


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_reaches_out_of_the_page(
    open_page: OpenPage, address: str, pictures: Path, width: int
) -> None:
    given = {**PHONE, "viewport": {"width": width, "height": 844}}
    with open_page(address, "Failed to load resource", **given) as page:
        for view in views(page, pictures):
            assert page.evaluate("document.scrollingElement.scrollWidth") == width, view


def test_nothing_jumps_while_a_page_loads_and_a_picture_is_read(
    open_page: OpenPage, address: str, pictures: Path
) -> None:
    with open_page(address) as page:
        page.add_init_script(SHIFTS)
        page.reload()
        page.get_by_label("Picture files").set_input_files(pictures / "portrait.jpg")
        expect(page.get_by_role("heading", level=2)).to_have_text("Happy")
        page.get_by_role("button", name="Right as it is").click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        assert page.evaluate("shifts") < 0.02


def test_colors_follow_the_system_until_somebody_chooses(open_page: OpenPage, address: str) -> None:
    with open_page(address, color_scheme="dark") as page:
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        dark = page.evaluate(ground)
        page.get_by_role("button", name="Colors: as your system has it").click()
        light = page.evaluate(ground)
        assert light != dark
        page.reload()
        assert page.evaluate(ground) == light
        page.get_by_role("button", name="Colors: light").click()
        assert page.evaluate(ground) == dark
