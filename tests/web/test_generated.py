"""What the web app takes from Python is what Python has."""

import runpy
import subprocess
from pathlib import Path

import pytest

from tests.web.conftest import WEB

DESCRIBED = runpy.run_path(str(WEB / "describe.py"))["FILES"]
HOW = "run `python web/describe.py && npm --prefix web run schema`"


@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.name)
def test_the_description_is_up_to_date(path: Path) -> None:
    assert path.read_text("utf-8") == DESCRIBED[path](), HOW


def test_the_types_are_those_of_the_description(node_modules: Path, tmp_path: Path) -> None:
    written = tmp_path / "schema.ts"
    tools = node_modules / ".bin"
    for command in (
        [tools / "openapi-typescript", WEB / "openapi.json", "--output", written],
        [tools / "prettier", "--config", WEB / ".prettierrc", "--write", written],
    ):
        done = subprocess.run([str(part) for part in command], cwd=WEB, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert written.read_text("utf-8") == (WEB / "src" / "generated" / "schema.ts").read_text("utf-8"), HOW
