"""The examples in the docstrings of exported names run and print what they show."""

import doctest
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import mememoji

NAMES = [name for name in mememoji.__all__ if name != "__version__"]
FINDER = doctest.DocTestFinder()


def find_examples(name: str) -> list[doctest.DocTest]:
    """Return the examples of an exported name and of its methods, with the names of its module at hand."""
    value: Any = getattr(mememoji, name)
    # A constant has no docstring of its own: its example is in the string literal after its assignment.
    if not hasattr(value, "__module__") or not (inspect.isclass(value) or inspect.isroutine(value)):
        source = inspect.getsource(import_module("mememoji.emotions"))
        text = source.split(f"{name}: Final", 1)[1].split('"""', 2)[1]
        return [doctest.DocTestParser().get_doctest(text, {}, name, None, None)]
    names = vars(inspect.getmodule(value))
    return [example for example in FINDER.find(value, name, globs=dict(names)) if example.examples]


@pytest.mark.parametrize("name", NAMES)
def test_docstring_examples_of_exported_names_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = find_examples(name)
    assert any(example.name == name for example in examples), f"{name} has no example in its docstring"
    monkeypatch.chdir(Path(__file__).resolve().parents[1])
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in examples:
        runner.run(example)
    assert runner.failures == 0
