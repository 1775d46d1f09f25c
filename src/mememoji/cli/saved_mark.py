"""The mark in images that commands save, by which a later search of a folder recognizes and skips them."""

from typing import Final

SAVED_MARK: Final = "saved by mememoji"
"""A comment in the metadata, so it stays with the file when that is moved, renamed or copied."""

_HEAD_BYTES: Final = 1024


def is_marked(path: str) -> bool:
    """Return whether a file is a JPEG or PNG that a command saved; False if it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a str, because thousands of files may be asked about
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return False
    return head.startswith((b"\xff\xd8", b"\x89PNG")) and SAVED_MARK.encode() in head
