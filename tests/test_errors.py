"""The exception tree."""

import inspect
import re

import pytest

from mememoji import errors
from mememoji.errors import DatasetError, MememojiError, MissingExtraError, RunError


def parse_docstring() -> dict[str, str]:
    """Return each exception in the tree of the docstring with its parent."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([ │├└─]*)(\w+Error)\b", line)
        if found is None:
            continue
        depth = len(found[1])
        above = [(other, name) for other, name in above if other < depth]
        parents[found[2]] = above[-1][1] if above else "Exception"
        above.append((depth, found[2]))
    return parents


def test_docstring_shows_every_exception() -> None:
    defined = {
        name: kind.__base__.__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__ and kind.__base__ is not None
    }
    assert parse_docstring() == defined


def test_tree_has_one_root() -> None:
    assert [name for name, parent in parse_docstring().items() if parent == "Exception"] == [MememojiError.__name__]


@pytest.mark.parametrize(("row", "message"), [(None, "no label"), (0, "row 0: no label"), (17, "row 17: no label")])
def test_dataset_error_names_its_row(row: int | None, message: str) -> None:
    error = DatasetError("no label", row=row)
    assert (str(error), error.row) == (message, row)


def test_missing_extra_error_ends_with_the_install_command() -> None:
    error = MissingExtraError("train", "training")
    assert isinstance(error, RunError)
    assert str(error).endswith('pip install "mememoji[train]"')
