"""The exception tree."""

import inspect
import re

import pytest

from mememoji import errors
from mememoji.errors import DatasetError, MememojiError, MissingExtraError, RunError


def drawn() -> dict[str, str]:
    """Each exception drawn in the docstring with the one that it stands under."""
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


def test_the_drawing_is_complete() -> None:
    defined = {
        name: kind.__base__.__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__ and kind.__base__ is not None
    }
    assert drawn() == defined


def test_one_root() -> None:
    assert [name for name, parent in drawn().items() if parent == "Exception"] == [MememojiError.__name__]


@pytest.mark.parametrize(("row", "message"), [(None, "no label"), (0, "row 0: no label"), (17, "row 17: no label")])
def test_a_data_set_error_names_its_row(row: int | None, message: str) -> None:
    error = DatasetError("no label", row=row)
    assert (str(error), error.row) == (message, row)


def test_a_missing_extra_ends_with_the_install_line() -> None:
    error = MissingExtraError("train", "training")
    assert isinstance(error, RunError)
    assert str(error).endswith('pip install "mememoji[train]"')
