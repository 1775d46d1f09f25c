"""FER2013 as the official CSV: `emotion,pixels,Usage`, one image a row, plain or compressed."""

import bz2
import contextlib
import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

import numpy as np

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.csv_table import CsvTable
from mememoji.datasets.fer2013.records import Record, label_from_number, split_from_usage
from mememoji.errors import DatasetError
from mememoji.hidden_files import is_hidden_name
from mememoji.types import UInt8Array

_COLUMNS: Final = ("emotion", "pixels", "Usage")
_MAGIC: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04")
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
    (`emotion, Usage, pixels`), and there may be others; see `CsvTable` for delimiters, quotation marks and encodings.

    Raises:
        DatasetError: A row is not valid (with its number), the file is truncated, or the archive has no such CSV.
    """
    row = 0
    try:
        with contextlib.ExitStack() as stack:
            table = CsvTable(_open(path, stack), path.name, _COLUMNS)
            for row, (emotion, pixels, usage) in table:
                try:
                    record = Record(
                        row, _parse_pixels(pixels, row), label_from_number(emotion, row), split_from_usage(usage, row)
                    )
                except DatasetError as error:
                    raise table.locate(error) from error
                yield record
    except _READ_ERRORS as error:
        raise DatasetError(f"{path.name} cannot be read any further and may be truncated: {error}", row=row) from error


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
    all_names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
    names = [name for name in all_names if not any(map(is_hidden_name, Path(name).parts))]
    official = [name for name in names if Path(name).name.lower() == "fer2013.csv"]
    chosen = official or names
    if len(chosen) != 1:
        found = ", ".join(names[:5]) or "none"
        raise DatasetError(f"{path} must hold one CSV file, got {found}; unpack it and name the file itself")
    return stack.enter_context(archive.open(chosen[0]))


def _parse_pixels(text: str, row: int) -> UInt8Array:
    digits = text.encode("ascii", "replace")
    # `np.fromstring` reads a lone minus as 0 and stops at a letter, so reject anything but digits and spaces first.
    if digits.translate(None, b"0123456789 \t\r\n"):
        # Not `split()`, which divides at more characters than are accepted, such as a no-break space.
        parts = re.split(r"[ \t\r\n]+", text)
        invalid = next(part for part in parts if part and not (part.isascii() and part.isdigit()))
        raise DatasetError(f"pixels must be in 0..255, got {invalid[:20]!r}", row=row)
    values = np.fromstring(digits, np.int64, sep=" ")
    if len(values) != CROP_SIZE * CROP_SIZE:
        raise DatasetError(f"a row must have {CROP_SIZE * CROP_SIZE} pixels, got {len(values)}", row=row)
    too_large = values[values > 255]
    if len(too_large):
        raise DatasetError(f"pixels must be in 0..255, got {too_large[0]}", row=row)
    return values.astype(np.uint8).reshape(CROP_SIZE, CROP_SIZE)  # (48, 48)
