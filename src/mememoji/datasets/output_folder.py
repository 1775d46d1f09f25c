"""The output folder of a prepared dataset: written completely or not at all, and never over other files."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mememoji.errors import DatasetError, RunError
from mememoji.hidden_files import is_system_name


def check_replaceable(out: Path, own_files: frozenset[str]) -> None:
    """Check that replacing a folder deletes no files but those of a prepared dataset, and of a file manager.

    Args:
        out: The folder to replace; it may not exist yet.
        own_files: The names of the files of a prepared dataset.

    Raises:
        DatasetError: `out` is a file, or holds other files.
    """
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out} must be a folder, but is a file; name another one")
    entries = [entry.name for entry in out.iterdir()] if out.is_dir() else []
    # Opening a folder in a file manager is enough to leave its own files there; other hidden files are not replaced.
    others = sorted(name for name in entries if name not in own_files and not is_system_name(name))
    if others:
        raise DatasetError(
            f"{out} must be a new folder or a prepared dataset to replace, but holds other files "
            f"({', '.join(others[:3])}); name another folder"
        )


@contextlib.contextmanager
def atomic_output_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that replaces `out` if the block succeeds and is deleted if it fails.

    Raises:
        RunError: `out` cannot be written.
    """
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Next to `out`, because a rename is atomic only within one file system.
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            new, previous = temporary / "new", temporary / "previous"
            new.mkdir()
            yield new
            if out.exists():
                out.rename(previous)
            try:
                new.rename(out)
            except OSError:
                if previous.exists():
                    previous.rename(out)
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror or error}") from error
