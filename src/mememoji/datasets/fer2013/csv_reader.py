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

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.fer2013.records import Record, label_from_number, split_from_usage
from mememoji.errors import DatasetError
from mememoji.types import UInt8Array

_COLUMNS: Final = ("emotion", "pixels", "usage")
_MAGIC: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04")
# The longest valid row has 2,304 numbers of four characters; a longer line is rejected without reading it to its end.
_MAX_LINE_BYTES: Final = 64 * 1024
_READ_ERRORS: Final = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


def is_csv(path: Path, start: bytes) -> bool:
    """Return whether a file may be the CSV: its first bytes are text or compressed, or its name ends accordingly."""
    if start.startswith(_MAGIC) or path.suffix.lower() in {".csv", ".tar"}:
        return True
    return start.removeprefix(b"\xef\xbb\xbf").isascii() and b"\0" not in start


def read_csv(path: Path) -> Iterator[Record]:
    """Read the rows of the official file one by one, in constant memory.

    The file may be plain text, gzip, bzip2, xz, zip or tar (plain or compressed); an archive must hold one CSV file, or
    several of which one is named `fer2013.csv`. The columns may be in any order and case, as in `icml_face_data.csv`
    (`emotion, Usage, pixels`).

    Raises:
        DatasetError: A row is not valid (with its number), the file is truncated, or the archive has no such CSV.
    """
    row = -1
    try:
        with contextlib.ExitStack() as stack:
            file = _open(path, stack)
            order = _parse_header(file.readline(_MAX_LINE_BYTES), path)
            row = 0
            while line := file.readline(_MAX_LINE_BYTES):
                if line.isspace():
                    continue
                try:
                    yield _parse_row(line, order, row)
                except DatasetError as error:
                    if line.endswith(b"\n") or len(line) == _MAX_LINE_BYTES:
                        raise
                    truncated = DatasetError(f"{error}; {path.name} ends with this row and may be truncated")
                    truncated.row = row
                    raise truncated from error
                row += 1
    except _READ_ERRORS as error:
        message = f"{path.name} cannot be read any further and may be truncated: {error}"
        raise DatasetError(message, row=max(row, 0)) from error


def _open(path: Path, stack: contextlib.ExitStack) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(8)
    if ".tar" in path.suffixes or path.suffix == ".tgz":
        # Read as a stream: seeking in a compressed archive would decompress it again.
        archive = stack.enter_context(tarfile.open(path, "r|*"))  # noqa: SIM115
        for member in archive:
            if member.isfile() and Path(member.name).name.lower() == "fer2013.csv":
                return cast(IO[bytes], archive.extractfile(member))
        raise DatasetError(f"{path} must hold a fer2013.csv, got none; unpack it and name the data itself")
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
    # Skip macOS's metadata files under __MACOSX.
    names = [name for name in archive.namelist() if name.lower().endswith(".csv") and "__MACOSX" not in name]
    official = [name for name in names if Path(name).name.lower() == "fer2013.csv"]
    chosen = official or names
    if len(chosen) != 1:
        found = ", ".join(names[:5]) or "none"
        raise DatasetError(f"{path} must hold one CSV file, got {found}; unpack it and name the file itself")
    return stack.enter_context(archive.open(chosen[0]))


def _parse_header(line: bytes, path: Path) -> tuple[int, ...]:
    """Return the column indices of emotion, pixels and usage, and the number of columns."""
    text = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    names = [name.strip().strip('"').lower() for name in text.split(",")]
    if any(name not in names for name in _COLUMNS):
        raise DatasetError(f"{path.name}: the header must be `emotion,pixels,Usage`, got `{text.strip()[:60]}`")
    return (*(names.index(name) for name in _COLUMNS), len(names))


def _parse_row(line: bytes, order: tuple[int, ...], row: int) -> Record:
    *indices, num_columns = order
    fields = line.split(b",")
    if len(fields) != num_columns:
        raise DatasetError(f"a row must have {num_columns} fields, got {len(fields)}", row=row)
    emotion, pixels, usage = (fields[index].strip().strip(b'"') for index in indices)
    return Record(
        row,
        _parse_pixels(pixels, row),
        label_from_number(emotion.decode("ascii", "replace"), row),
        split_from_usage(usage.decode("ascii", "replace"), row),
    )


def _parse_pixels(text: bytes, row: int) -> UInt8Array:
    # `np.fromstring` reads a lone minus as 0 and stops at a letter, so reject anything but digits and spaces first.
    if text.translate(None, b"0123456789 "):
        invalid = next(part for part in text.split(b" ") if part and not part.isdigit())
        raise DatasetError(f"pixels must be in 0..255, got {invalid[:20].decode('ascii', 'replace')!r}", row=row)
    values = np.fromstring(text, np.int64, sep=" ")
    if len(values) != CROP_SIZE * CROP_SIZE:
        raise DatasetError(f"a row must have {CROP_SIZE * CROP_SIZE} pixels, got {len(values)}", row=row)
    too_large = values[values > 255]
    if len(too_large):
        raise DatasetError(f"pixels must be in 0..255, got {too_large[0]}", row=row)
    return values.astype(np.uint8).reshape(CROP_SIZE, CROP_SIZE)  # (48, 48)
