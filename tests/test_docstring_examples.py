"""The examples in docstrings run, and print what they show."""

import ast
import doctest
import inspect
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import mememoji

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
MODULES = sorted(path for path in (SOURCE / "mememoji").rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def attribute_docstrings(path: Path) -> dict[str, str]:
    """Return the string literals that follow an assignment in a module, by the name that is assigned."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {
        ast.unparse(node.target): following.value.value
        for node, following in pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
        and isinstance(following.value.value, str)
    }


def find_examples(path: Path) -> list[doctest.DocTest]:
    """Return the examples of a module: those of its classes and functions, and those of its constants."""
    module = import_module(module_name(path))
    examples = doctest.DocTestFinder(exclude_empty=True).find(module)
    parser = doctest.DocTestParser()
    for name, text in attribute_docstrings(path).items():
        examples.append(parser.get_doctest(text, dict(vars(module)), f"{module.__name__}.{name}", str(path), None))
    return [example for example in examples if example.examples]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_docstring_examples_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    examples = find_examples(path)
    assert examples, "the module has an example that is not in a docstring"
    for example in examples:
        report: list[str] = []
        results = doctest.DocTestRunner(optionflags=OPTIONS).run(example, out=report.append)
        assert results.failed == 0, "".join(report)


@pytest.mark.parametrize("name", [name for name in mememoji.__all__ if name != "__version__"])
def test_exported_name_has_an_example(name: str) -> None:
    value: Any = getattr(mememoji, name)
    docstring = inspect.getdoc(value) if inspect.isclass(value) or inspect.isroutine(value) else None
    if docstring is None:
        docstring = attribute_docstrings(SOURCE / "mememoji" / "emotions.py")[name]
    assert "Example:\n" in docstring
    assert ">>> " in docstring
