"""The folder of a prepared dataset: it appears whole, and replaces nothing but an earlier one."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mememoji.errors import DatasetError, RunError


def refuse_foreign(out: Path, ours: frozenset[str]) -> None:
    """See to it that replacing `out` loses no file but ours, named by their names.

    Raises:
        DatasetError: it is a file, or holds another one.
    """
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out} is a file, expected a folder; name another one")
    foreign = sorted(entry.name for entry in out.iterdir() if entry.name not in ours) if out.is_dir() else []
    if foreign:
        raise DatasetError(
            f"{out} holds other files ({', '.join(foreign[:3])}) that would be lost; name another folder"
        )


@contextlib.contextmanager
def appearing_at_once(out: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `out` when all went well and leaves nothing behind when not.

    Raises:
        RunError: `out` cannot be written.
    """
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Beside `out`, because only within one file system is renaming a single step.
        scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            filled, earlier = scratch / "filled", scratch / "earlier"
            filled.mkdir()
            yield filled
            if out.exists():
                out.rename(earlier)
            try:
                filled.rename(out)
            except OSError:
                if earlier.exists():
                    earlier.rename(out)
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error}") from error
