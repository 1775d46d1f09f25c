"""Hidden and system entries of folders."""

import pytest

from mememoji.hidden_files import is_hidden_name, is_system_name


@pytest.mark.parametrize(
    "name",
    [
        "._x.png",
        "~$x.png",
        ".DS_Store",
        "Thumbs.db",
        "THUMBS.DB",
        "desktop.ini",
        "__MACOSX",
        "@eaDir",
        "$RECYCLE.BIN",
        "lost+found",
        "System Volume Information",
    ],
)
def test_system_names_are_hidden_names(name: str) -> None:
    assert is_system_name(name)
    assert is_hidden_name(name)


@pytest.mark.parametrize(("name", "hidden"), [(".ipynb_checkpoints", True), (".git", True), ("happy", False)])
def test_other_names_are_hidden_by_a_leading_dot(name: str, hidden: bool) -> None:
    assert is_hidden_name(name) == hidden
    assert not is_system_name(name)
