"""Writes the reference pages from the code: Python API, command line, settings, REST and model cards."""

import shutil
from pathlib import Path
from typing import Final

from tools.docs_site.command_reference import command_page
from tools.docs_site.model_card_reference import model_card_page
from tools.docs_site.python_reference import python_pages
from tools.docs_site.service_reference import openapi_text, rest_page, settings_page

_INDEX: Final = """# Reference

Written from the code when this site is built, so that it holds for the version of the code beside it.

| | from |
|---|---|
| [Python](python/mememoji.md) | docstrings of the exported names |
| [Command line](commands.md) | the commands' own help |
| [Settings](settings.md) | `ServiceSettings` |
| [REST API](rest.md) | the service's OpenAPI description |
| [Model cards](model-cards.md) | the cards beside the weights in the package |
"""


def write_reference(root: Path, out: Path) -> None:
    """Write all reference pages below `out`, which must not exist yet."""
    pages = {
        "index.md": _INDEX,
        "commands.md": command_page(),
        "settings.md": settings_page(),
        "rest.md": rest_page(),
        "openapi.json": openapi_text(),
        "model-cards.md": model_card_page(root / "src" / "mememoji"),
        **{f"python/{name}.md": text for name, text in python_pages().items()},
    }
    (out / "python").mkdir(parents=True)
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
    shutil.copyfile(root / "web" / "src" / "assets" / "icon.svg", out / "icon.svg")
