"""Code and documentation cite headings and files that exist."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, anchors, written_pages

CITATION = re.compile(r"docs/[\w/-]+\.md(?:#[\w-]+)?")


def citing_files() -> list[Path]:
    folders = ("src", "benchmarks", "tests", "tools")
    code = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]
    return [*code, *ROOT.glob("*.md"), ROOT / "Makefile"]


def test_code_and_top_level_pages_cite_headings_that_exist() -> None:
    cited = {(path, citation) for path in citing_files() for citation in CITATION.findall(path.read_text("utf-8"))}
    assert cited
    for path, citation in sorted(cited):
        name, _, anchor = citation.partition("#")
        assert (ROOT / name).is_file(), f"{path.relative_to(ROOT)} cites {citation}"
        assert not anchor or anchor in anchors(ROOT / name), f"{path.relative_to(ROOT)} cites {citation}"


@pytest.mark.parametrize("page", written_pages(), ids=lambda page: page.stem)
def test_page_cites_benchmark_results_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"\b(\d{4}-\d{2}-\d{2}-[\w-]+\.(?:md|csv|png))", text):
        assert (ROOT / "benchmarks" / "results" / name).is_file(), name


def test_navigation_names_every_written_page() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    named = set(_paths(config["project"]["nav"]))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert {page for page in pages if not page.startswith("reference/")} == {
        page for page in named if not page.startswith("reference/")
    }


def _paths(entries: list[dict[str, object]]) -> list[str]:
    paths = []
    for entry in entries:
        for target in entry.values():
            paths += [target] if isinstance(target, str) else _paths(target)  # type: ignore[arg-type]
    return paths


def test_architecture_page_names_every_package() -> None:
    page = (DOCS / "concepts" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in (ROOT / "src" / "mememoji").glob("*/__init__.py")}
    assert {name for name in packages if f"`{name}`" not in page} == set()
