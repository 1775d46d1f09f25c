"""Atomic file writes."""

from pathlib import Path

import pytest

from mememoji.atomic_file import atomic_write


def test_atomic_write_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    for text in ("first", "second"):
        with atomic_write(file) as partial:
            assert partial.suffix == ".txt"
            partial.write_text(text)
            assert not file.exists() or file.read_text() == "first"
        assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_atomic_write_keeps_the_old_file_when_the_block_raises(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("old")

    def write_a_half() -> None:
        with atomic_write(file) as partial:
            partial.write_text("half of the new te")
            raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        write_a_half()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_atomic_write_of_two_writers_at_once_keeps_one_complete_file(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    with atomic_write(file) as first, atomic_write(file) as second:
        first.write_text("first")
        second.write_text("second")
    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]
