"""FER2013 as the official CSV: `emotion,pixels,Usage`, one image a row, plain or compressed."""

import bz2
import contextlib
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

import numpy as np
import numpy.typing as npt

from mememoji.datasets.fer2013.records import Record, label_of_number, split_of_usage
from mememoji.datasets.splits import SIDE
from mememoji.errors import DatasetError

_COLUMNS: Final = ("emotion", "pixels", "usage")
_MAGIC: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04")
# The longest proper row has 2,304 numbers of four characters: a longer one is no row, and is not read to its end.
_LONGEST_LINE: Final = 64 * 1024
_BROKEN: Final = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


def is_csv(path: Path, start: bytes) -> bool:
    """Whether a file can be the CSV: text by its first bytes, or compressed, or called so."""
    if start.startswith(_MAGIC) or path.suffix.lower() in {".csv", ".tar"}:
        return True
    return start.removeprefix(b"\xef\xbb\xbf").isascii() and b"\0" not in start


def read_csv(path: Path) -> Iterator[Record]:
    """The rows of the official file, one after the other: its text is never held whole.

    Takes plain text, gzip, bzip2, xz, zip and tar (plain or compressed); an archive holds one CSV file or several of
    which one is called `fer2013.csv`. Columns may stand in any order and be written in any case, as in
    `icml_face_data.csv` (`emotion, Usage, pixels`).

    Raises:
        DatasetError: a row does not fit (with its number), the file is cut off, or there is no such CSV in it.
    """
    row = -1
    try:
        with contextlib.ExitStack() as stack:
            file = _open(path, stack)
            order = _header(file.readline(_LONGEST_LINE), path)
            row = 0
            while line := file.readline(_LONGEST_LINE):
                if line.isspace():
                    continue
                try:
                    yield _parse(line, order, row)
                except DatasetError as error:
                    if line.endswith(b"\n") or len(line) == _LONGEST_LINE:
                        raise
                    cut = DatasetError(f"{error}; {path.name} ends with this row, it may be cut off")
                    cut.row = row
                    raise cut from error
                row += 1
    except _BROKEN as error:
        message = f"{path.name} cannot be read on, it may be cut off: {error}"
        raise DatasetError(message, row=max(row, 0)) from error


def _open(path: Path, stack: contextlib.ExitStack) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(8)
    if ".tar" in path.suffixes or path.suffix == ".tgz":
        # Read as a stream: seeking in a compressed archive would decompress it once more.
        archive = stack.enter_context(tarfile.open(path, "r|*"))  # noqa: SIM115
        for member in archive:
            if member.isfile() and Path(member.name).name.lower() == "fer2013.csv":
                return cast(IO[bytes], archive.extractfile(member))
        raise DatasetError(f"{path} holds no fer2013.csv; unpack it and give the data itself")
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], stack.enter_context(gzip.open(path)))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], stack.enter_context(bz2.open(path)))
    if start.startswith(b"\xfd7zXZ"):
        return cast(IO[bytes], stack.enter_context(lzma.open(path)))
    if start.startswith(b"PK\x03\x04"):
        return _open_zip(path, stack)
    return stack.enter_context(path.open("rb"))


def _open_zip(path: Path, stack: contextlib.ExitStack) -> IO[bytes]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    # macOS puts a shadow of each file under __MACOSX.
    names = [name for name in archive.namelist() if name.lower().endswith(".csv") and "__MACOSX" not in name]
    official = [name for name in names if Path(name).name.lower() == "fer2013.csv"]
    chosen = official or names
    if len(chosen) != 1:
        found = ", ".join(names[:5]) or "none"
        raise DatasetError(f"{path}: expected one CSV file in the archive, got {found}; unpack it and give that file")
    return stack.enter_context(archive.open(chosen[0]))


def _header(line: bytes, path: Path) -> tuple[int, ...]:
    """Where emotion, pixels and usage stand in a row."""
    text = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    names = [name.strip().strip('"').lower() for name in text.split(",")]
    if any(name not in names for name in _COLUMNS):
        raise DatasetError(f"{path.name}: expected the header `emotion,pixels,Usage`, got `{text.strip()[:60]}`")
    return (*(names.index(name) for name in _COLUMNS), len(names))


def _parse(line: bytes, order: tuple[int, ...], row: int) -> Record:
    *places, count = order
    fields = line.split(b",")
    if len(fields) != count:
        raise DatasetError(f"expected {count} fields, got {len(fields)}", row=row)
    emotion, pixels, usage = (fields[place].strip().strip(b'"') for place in places)
    return Record(
        row,
        _pixels(pixels, row),
        label_of_number(emotion.decode("ascii", "replace"), row),
        split_of_usage(usage.decode("ascii", "replace"), row),
    )


def _pixels(text: bytes, row: int) -> npt.NDArray[np.uint8]:
    # The parser below takes a lone minus for 0 and stops at a letter, so it gets nothing but digits and spaces.
    if text.translate(None, b"0123456789 "):
        strange = next(part for part in text.split(b" ") if part and not part.isdigit())
        raise DatasetError(f"expected pixels from 0 to 255, got {strange[:20].decode('ascii', 'replace')!r}", row=row)
    values = np.fromstring(text, np.int64, sep=" ")
    if len(values) != SIDE * SIDE:
        raise DatasetError(f"expected {SIDE * SIDE} pixels, got {len(values)}", row=row)
    wrong = values[values > 255]
    if len(wrong):
        raise DatasetError(f"expected pixels from 0 to 255, got {wrong[0]}", row=row)
    return values.astype(np.uint8).reshape(SIDE, SIDE)  # (48, 48)
