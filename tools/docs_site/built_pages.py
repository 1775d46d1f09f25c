"""Checks of the built pages that the generator does not make: images, anchors in HTML, requests to other hosts."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_RESOURCE_ATTRIBUTES: Final = {
    ("script", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "src"),
    ("source", "srcset"),
    ("video", "src"),
    ("audio", "src"),
    ("iframe", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("form", "action"),
    ("use", "href"),
    ("image", "href"),
}
# A canonical link, or one to the next page, is followed by nobody on its own.
_LOADING_RELATIONS: Final = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"}
_CSS_URL: Final = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
_POLICY: Final = "Content-Security-Policy"


class _Page(HTMLParser):
    """Collects the anchors, links and resources of one HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.resources: list[str] = []
        self.has_policy = False
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and _LOADING_RELATIONS & set(values.get("rel", "").split()):
            self.resources.append(values.get("href", ""))
        if tag == "meta" and values.get("http-equiv") == _POLICY:
            self.has_policy = True
        self.resources += [values[name] for name in values if (tag, name) in _RESOURCE_ATTRIBUTES]
        self.resources += _css_urls(values.get("style", ""))
        self._in_style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.resources += _css_urls(data)
            self._in_style = False


def _css_urls(text: str) -> list[str]:
    return [first or second for first, second in _CSS_URL.findall(text)]


def _is_external(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def find_problems(site: Path) -> list[str]:
    """Return one line for each broken link or image and each resource that another host would serve.

    Args:
        site: Folder of the built site.

    Returns:
        Lines of the form `PAGE: what is wrong`, sorted; empty where all is well.
    """
    pages = {path: _parsed(path) for path in site.rglob("*.html")}
    problems = []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        problems += [f"{name}: loads {url} from another host" for url in page.resources if _is_external(url)]
        problems += [f"{name}: has no {_POLICY}"] if not page.has_policy else []
        # The page for addresses that do not exist links from the site's root.
        if name != "404.html":
            problems += [f"{name}: {problem}" for problem in _broken_links(path, page, pages)]
    for path in site.rglob("*.css"):
        urls = _css_urls(path.read_text(encoding="utf-8"))
        problems += [f"{path.name}: loads {url} from another host" for url in urls if _is_external(url)]
    return sorted(set(problems))


def _parsed(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _broken_links(path: Path, page: _Page, pages: dict[Path, _Page]) -> list[str]:
    problems = []
    for url in {*page.links, *page.resources}:
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file():
            problems.append(f"link to {url}, which does not exist")
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
            problems.append(f"link to {url}, which has no such anchor")
    return problems
