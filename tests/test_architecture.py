"""The rules of the architecture that import-linter does not check."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "mememoji"
MAX_LINES = 310


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def package_of(path: Path) -> str:
    """Return the package that a file of the sources or of the tests belongs to, as dotted name."""
    folder = path.parent
    if folder.is_relative_to(SOURCE):
        return ".".join(["mememoji", *folder.relative_to(SOURCE).parts])
    return ""


def test_file_names_are_distinct() -> None:
    names = Counter(path.name for path in python_files("src") if path.name not in ("__init__.py", "__main__.py"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("folder", ["src", "benchmarks", "tools"])
def test_modules_are_short(folder: str) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in python_files(folder)}
    assert {path.name: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_private_names_stay_in_their_package() -> None:
    reached = []
    for path in python_files("src", "tests", "benchmarks", "tools"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("mememoji"):
                continue
            private = [
                alias.name for alias in node.names if alias.name.startswith("_") and not alias.name.startswith("__")
            ]
            if private and not (node.module or "").startswith(package_of(path) or "the tests have no package"):
                reached.append(f"{path.relative_to(ROOT)}: {', '.join(private)} of {node.module}")
    assert reached == []
