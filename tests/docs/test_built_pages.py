"""The check of built pages finds broken links and requests to other hosts."""

from pathlib import Path

import pytest

from tools.docs_site.built_pages import find_problems

POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'


def problems_of(site: Path, body: str, head: str = POLICY) -> list[str]:
    (site / "index.html").write_text(f"<html><head>{head}</head><body>{body}</body></html>", encoding="utf-8")
    (site / "other.html").write_text(f'<head>{POLICY}</head><h2 id="there">x</h2>', encoding="utf-8")
    (site / "a.png").write_bytes(b"")
    return find_problems(site)


@pytest.mark.parametrize(
    "body",
    [
        "",
        '<a href="other.html">x</a><a href="other.html#there">x</a><a href="#here">x</a><p id="here"></p>',
        '<img src="a.png"><a href="https://example.org/">a link may leave the site</a>',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    ],
)
def test_find_problems_without_any_returns_nothing(tmp_path: Path, body: str) -> None:
    assert problems_of(tmp_path, body) == []


@pytest.mark.parametrize(
    "body",
    [
        '<a href="missing.html">x</a>',
        '<a href="other.html#missing">x</a>',
        '<a href="#missing">x</a>',
        '<img src="missing.png">',
        '<img src="https://example.org/a.png">',
        '<script src="//example.org/a.js"></script>',
        '<p style="background: url(https://example.org/a.png)"></p>',
        "<style>@import 'https://example.org/a.css';</style>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<link rel="preconnect" href="https://example.org">',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_find_problems_with_one_returns_it(tmp_path: Path, body: str) -> None:
    (problem,) = problems_of(tmp_path, body)
    assert problem.startswith("index.html: ")


def test_find_problems_in_style_sheet_returns_it(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face { src: url(https://example.org/a.woff2) }", encoding="utf-8")
    assert problems_of(tmp_path, "") == ["a.css: loads https://example.org/a.woff2 from another host"]


def test_find_problems_without_policy_returns_it(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "", head="") == ["index.html: has no Content-Security-Policy"]
