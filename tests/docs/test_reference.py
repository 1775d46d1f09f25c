"""The generated reference pages name everything that they are generated from."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import mememoji
from mememoji.service.settings import ServiceSettings
from tests.docs.pages import ROOT, written_pages
from tools.docs_site.command_reference import command_page, walk_commands
from tools.docs_site.markdown import table
from tools.docs_site.model_card_reference import model_card_page
from tools.docs_site.python_reference import python_pages
from tools.docs_site.service_reference import INTERNAL_SETTINGS, openapi_text, rest_page, settings_page


@pytest.fixture(scope="module")
def python_reference() -> dict[str, str]:
    pytest.importorskip("griffe", reason='pip install -e ".[docs]" brings griffe')
    return python_pages()


def test_table_with_bars_and_breaks_escapes_them() -> None:
    assert table(("a", "b"), [("x|y", "two\nlines")]) == "| a | b |\n| --- | --- |\n| x\\|y | two lines |\n"


def test_command_page_names_every_command_and_option() -> None:
    page = command_page()
    for path, command in walk_commands():
        section = page.split(f"\n## {path}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            names = parameter.opts if parameter.param_type_name == "option" else [parameter.human_readable_name]
            assert parameter.name == "help" or all(f"`{name}`" in section for name in names)


def test_settings_page_describes_every_setting() -> None:
    rows = {line.split("`")[1]: line for line in settings_page().splitlines() if line.startswith("| `MEMEMOJI_")}
    assert set(ServiceSettings.model_fields) >= INTERNAL_SETTINGS
    fields = {
        f"MEMEMOJI_{name.upper()}": field
        for name, field in ServiceSettings.model_fields.items()
        if name not in INTERNAL_SETTINGS
    }
    assert list(rows) == list(fields)
    for name, field in fields.items():
        assert field.description
        assert field.description in rows[name]
        if field.default_factory is None and field.default not in (None, ()):
            assert f"`{field.default}`" in rows[name]


def test_rest_page_names_every_route_and_schema() -> None:
    page, description = rest_page(), json.loads(openapi_text())
    for path, operations in description["paths"].items():
        for method in operations:
            assert f"## {method.upper()} {path}\n" in page
    for name in description["components"]["schemas"]:
        assert f"### {name}\n" in page


def test_model_card_page_holds_every_shipped_card() -> None:
    cards = list((ROOT / "src" / "mememoji").rglob("*.card.json"))
    page = model_card_page(ROOT / "src" / "mememoji")
    assert len(cards) >= 3
    for card in cards:
        assert json.loads(card.read_text(encoding="utf-8"))["sha256"] in page


def test_python_page_of_mememoji_holds_every_exported_name(python_reference: dict[str, str]) -> None:
    for name in mememoji.__all__:
        assert name.startswith("_") or f"::: mememoji.{name}\n" in python_reference["mememoji"]


def test_python_pages_are_those_of_the_navigation(python_reference: dict[str, str]) -> None:
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    for name, page in python_reference.items():
        assert f'"reference/python/{name}.md"' in navigation
        assert ":::" in page


@pytest.mark.parametrize("page", written_pages(), ids=lambda page: page.stem)
def test_settings_and_routes_in_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    fields = {f"MEMEMOJI_{name.upper()}" for name in ServiceSettings.model_fields}
    assert set(re.findall(r"MEMEMOJI_[A-Z_]+", text)) <= fields | {"MEMEMOJI_DB_PASSWORD"}
    paths = set(json.loads(openapi_text())["paths"]) | {"/v1.0.0/live"}
    shown = {path.replace("PIC_ID", "{image_id}") for path in re.findall(r"/v1\.0\.0/[\w/{}]+", text)}
    assert shown <= paths


def test_docstrings_describe_parameters_that_exist(caplog: pytest.LogCaptureFixture) -> None:
    griffe = pytest.importorskip("griffe", reason='pip install -e ".[docs]" brings griffe')
    package = griffe.load("mememoji", search_paths=[ROOT / "src"])
    with caplog.at_level("WARNING", "griffe"):
        _parse_docstrings(package, griffe.Parser.google)
    assert [record.getMessage() for record in caplog.records] == []


def _parse_docstrings(part: Any, parser: Any) -> None:
    if part.docstring is not None:
        part.docstring.parse(parser)
    for member in part.members.values():
        if not member.is_alias:
            _parse_docstrings(member, parser)
