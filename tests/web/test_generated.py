"""The generated files of the web app are up to date with the Python package."""

import runpy
import subprocess
from pathlib import Path

import pytest

from tests.web.conftest import WEB

GENERATED = runpy.run_path(str(WEB / "describe.py"))["FILES"]
HINT = "run `python web/describe.py && npm --prefix web run schema`"


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_generated_file_matches_the_python_package(path: Path) -> None:
    assert path.read_text("utf-8") == GENERATED[path](), HINT


def test_schema_types_match_the_openapi_document(node_modules: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.ts"
    tools = node_modules / ".bin"
    for command in (
        [tools / "openapi-typescript", WEB / "openapi.json", "--output", schema],
        [tools / "prettier", "--config", WEB / ".prettierrc", "--write", schema],
    ):
        process = subprocess.run([str(part) for part in command], cwd=WEB, capture_output=True, text=True)
        assert process.returncode == 0, process.stderr
    assert schema.read_text("utf-8") == (WEB / "src" / "generated" / "schema.ts").read_text("utf-8"), HINT
