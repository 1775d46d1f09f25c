"""The Python examples of the documentation run, where they need no file of the reader's."""

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, blocks

PAGES = [DOCS / "quickstart.md", *(DOCS / "guides" / f"{name}.md" for name in ("images", "own-detector", "meme-faces"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_examples_of_page_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    examples = blocks(page, "python")
    assert examples
    for example in examples:
        exec(compile(example, str(page), "exec"), {})


@pytest.mark.parametrize("page", sorted(DOCS.glob("guides/*.md")), ids=lambda page: page.stem)
def test_imports_of_python_examples_exist(page: Path) -> None:
    for example in blocks(page, "python"):
        imports = [line for line in example.splitlines() if line.startswith(("import ", "from ")) and "(" not in line]
        exec("\n".join(imports), {})
