"""Opens every built page in Chromium: requests to other hosts, errors, pages wider than the screen, and the search."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

CHROMIUM: Final = Path("/usr/bin/chromium")
_QUERY: Final = "calibration"


class BrowserMissingError(Exception):
    """Playwright or Chromium is not installed."""


def find_browser_problems(site: Path) -> list[str]:
    """Return one line for each page that misbehaves in Chromium, sorted; empty where all is well.

    Raises:
        BrowserMissingError: Playwright or Chromium is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserMissingError('no Playwright: pip install -e ".[dev]"') from error
    if not CHROMIUM.exists():
        raise BrowserMissingError(f"no Chromium at {CHROMIUM}: .ci/packages installs it")

    names = sorted(page.relative_to(site).as_posix() for page in site.rglob("*.html") if page.name != "404.html")
    problems: set[str] = set()
    with _serving(site) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
        for name in names:
            page = context.new_page()
            problems.update(f"{name}: {problem}" for problem in _visit(page, base, name))
            page.close()
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        problems.update(f"search: {problem}" for problem in _search(page, base))
        browser.close()
    return sorted(problems)


def _visit(page: Any, base: str, name: str) -> list[str]:
    problems: list[str] = []
    own = (base, "data:", "blob:")

    def note(request: Any) -> None:
        if not request.url.startswith(own):
            problems.append(f"requests {request.url}")

    page.on("request", note)
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(base + name)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > page.viewport_size["width"]:
        problems.append(f"is {width} pixels wide on a screen of {page.viewport_size['width']}")
    return problems


def _search(page: Any, base: str) -> list[str]:
    page.goto(base)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    page.keyboard.type(_QUERY, delay=20)
    results = page.get_by_text(re.compile(r"^\d+ results$"))
    for _ in range(100):
        if results.count():
            return []
        page.wait_for_timeout(100)
    return [f"{_QUERY!r} finds nothing"]


class _QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each request on standard error."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
