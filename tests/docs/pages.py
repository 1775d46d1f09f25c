"""The documentation's sources, and the fenced blocks in them."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def written_pages() -> list[Path]:
    """Return README and the site's pages that people write: neither generated nor `mememoji evaluate`'s."""
    generated = (DOCS / "reference", DOCS / "results" / "report")
    pages = [page for page in DOCS.rglob("*.md") if not any(page.is_relative_to(folder) for folder in generated)]
    return [ROOT / "README.md", *sorted(pages)]


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the fenced blocks of a page in one of the languages; an untagged block has the language ""."""
    return [text for _, language, text in _FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the site makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w-]+", "-", heading.lower().replace("`", "")).strip("-") for heading in headings}
