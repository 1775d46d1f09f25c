"""CSV files as spreadsheets and other programs write them: quoted fields, further columns, several delimiters."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final, NamedTuple

from mememoji.errors import DatasetError

# A file that is not text may have no line ends at all; a longer line is rejected without reading it to its end.
_MAX_LINE_LENGTH: Final = 128 * 1024
_BUFFER_SIZE: Final = 64 * 1024
_DELIMITERS: Final = (",", ";", "\t")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class CsvRow(NamedTuple):
    """The fields of the requested columns, and the number of the row, counted from 0 without the header."""

    number: int
    fields: tuple[str, ...]


class CsvTable:
    """A reader of some columns of a CSV file, row by row in constant memory.

    Fields may be quoted and then contain delimiters and line ends. The delimiter is the first of comma, semicolon and
    tab that divides the header into the requested columns. Line ends of any system are read, and UTF-8 with or without
    a byte order mark, and UTF-16 with one. Blank rows are skipped and not counted.

    Args:
        file: The file, opened for reading bytes.
        name: The name of the file for error messages.
        columns: The names of the columns, compared without case; the file may have others too, in any order.

    Raises:
        DatasetError: The header lacks one of the columns.
    """

    def __init__(self, file: IO[bytes], name: str, columns: Sequence[str]) -> None:
        self.name = name
        self._num_lines, self._is_at_end = 0, False
        self._lines = self._iter_lines(file)
        try:
            header = next(self._lines, "")
            # A quoted name may contain line ends; the last line then has a quotation mark without its partner.
            while header.count('"') % 2 and (line := next(self._lines, "")):
                header += line
        except csv.Error as error:
            raise DatasetError(f"{name} cannot be read as CSV: {error}") from error
        self._delimiter, self._num_columns, self._indices = self._parse_header(header, columns)

    def __iter__(self) -> Iterator[CsvRow]:
        """Yield the rows.

        Raises:
            DatasetError: A row has another number of fields than the header, or is not valid CSV.
        """
        reader, number = csv.reader(self._lines, delimiter=self._delimiter), 0
        try:
            for fields in reader:
                # Spreadsheets fill rows up with empty fields.
                while len(fields) > self._num_columns and not fields[-1]:
                    fields.pop()
                if not any(field and not field.isspace() for field in fields):
                    continue
                if len(fields) != self._num_columns:
                    message = f"a row must have {self._num_columns} fields, got {len(fields)}"
                    raise self.locate(DatasetError(message, row=number))
                yield CsvRow(number, tuple(fields[index].strip() for index in self._indices))
                number += 1
        except csv.Error as error:
            message = f"the row is not valid CSV: {error}; a line end or a quotation mark may be missing"
            raise self.locate(DatasetError(message, row=number)) from error

    def locate(self, error: DatasetError) -> DatasetError:
        """Return an error about the current row with the line of the file, and whether the file ends within the row."""
        place = f"line {self._num_lines} of {self.name}"
        if self._is_at_end:
            place += ", which ends with this row and may be truncated"
        located = DatasetError(f"{error} ({place})")
        located.row = error.row
        return located

    def _parse_header(self, header: str, columns: Sequence[str]) -> tuple[str, int, list[int]]:
        """Return the delimiter, the number of columns, and the indices of the requested ones."""
        for delimiter in _DELIMITERS:
            fields = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter), [])
            names = [field.strip().casefold() for field in fields]
            if all(column.casefold() in names for column in columns):
                return delimiter, len(names), [names.index(column.casefold()) for column in columns]
        got = f"`{header.strip()[:60]}`" if header.strip() else "an empty line"
        raise DatasetError(f"{self.name}: the header must be `{','.join(columns)}`, got {got}")

    def _iter_lines(self, file: IO[bytes]) -> Iterator[str]:
        buffered = io.BufferedReader(_SequentialFile(file), _BUFFER_SIZE)
        encoding = "utf-16" if buffered.peek(2)[:2] in _UTF16_MARKS else "utf-8-sig"
        # The columns that are not requested may have any encoding.
        text = io.TextIOWrapper(buffered, encoding, errors="replace", newline="")
        while line := text.readline(_MAX_LINE_LENGTH):
            self._num_lines += 1
            has_end = line.endswith(("\n", "\r"))
            if not has_end and len(line) == _MAX_LINE_LENGTH:
                raise csv.Error(f"a line is longer than {_MAX_LINE_LENGTH:,} characters")
            self._is_at_end = not has_end
            yield line


class _SequentialFile(io.RawIOBase):
    """A view of a binary file that does not seek, which a member of an archive cannot, and does not close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)
