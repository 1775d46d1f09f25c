"""Atomic file writes: a reader sees the old file or the complete new one, never a part of it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Replace a file in one step, or leave it as it is if the block raises.

    Args:
        path: The file to write; its folder must exist.

    Yields:
        A temporary path with the same file name, for the block to write to. It is renamed to `path` when the block
        ends, and deleted when the block raises.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "card.json")
        ...     with atomic_write(file) as partial:
        ...         _ = partial.write_text("{}")
        ...     file.read_text()
        '{}'
    """
    # In the same folder, because a rename is atomic only within one file system; in a folder of its own, because two
    # processes may write the same file at once.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        partial = Path(folder, path.name)
        yield partial
        partial.replace(path)
