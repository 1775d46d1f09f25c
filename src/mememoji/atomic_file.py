"""Atomic file writes: a reader sees the old file or the complete new one, never a part of it."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Replace a file in one step, or leave it as it is if the block raises.

    A symbolic link stays, and the file that it leads to is replaced. A pipe or a device, such as /dev/stdout, is not
    replaced: it receives the content when the block ends.

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
    if is_special_file(path):
        with tempfile.TemporaryDirectory() as folder:
            partial = Path(folder, path.name)
            yield partial
            with partial.open("rb") as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
        return
    name, path = path.name, path.resolve()
    # In the same folder, because a rename is atomic only within one file system; in a folder of its own, because two
    # processes may write the same file at once. Its name is short, because that of the file may be as long as allowed.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mememoji-") as folder:
        partial = Path(folder, name)
        yield partial
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)


def is_special_file(path: Path) -> bool:
    """Return whether a path leads to a pipe, a socket or a device, which must not be replaced by a file."""
    absolute = path.absolute()
    # What /dev/stdout leads to may be an ordinary file, but one that the shell has opened and writes to.
    if any(absolute.is_relative_to(folder) for folder in ("/dev", "/proc")) and not absolute.is_relative_to("/dev/shm"):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()
