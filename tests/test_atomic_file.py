"""Atomic file writes."""

import os
import threading
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


def test_atomic_write_through_a_symbolic_link_replaces_the_file_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    file, link = tmp_path / "disk" / "file.json", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o600)
    link.symlink_to(file)
    with atomic_write(link) as partial:
        partial.write_text("new")
    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)


def test_atomic_write_with_the_longest_name_succeeds(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 255)
    with atomic_write(file) as partial:
        partial.write_text("{}")
    assert file.read_text() == "{}"


def test_atomic_write_to_a_pipe_or_device_does_not_replace_it(tmp_path: Path) -> None:
    pipe, received = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    with atomic_write(pipe) as partial:
        partial.write_text("content")
    reader.join()
    assert received == ["content"]
    assert pipe.is_fifo()
    with atomic_write(Path(os.devnull)) as partial:
        partial.write_text("content")
    assert not Path(os.devnull).is_file()
