import bz2
import csv
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mememoji.datasets.fer2013.csv_reader import is_csv, read_csv
from mememoji.errors import DatasetError


def compress_plain(path: Path) -> Path:
    return path


def compress_gz(path: Path) -> Path:
    target = path.with_name("fer2013.csv.gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


def compress_bz2(path: Path) -> Path:
    target = path.with_name("fer2013.csv.bz2")
    target.write_bytes(bz2.compress(path.read_bytes()))
    return target


def compress_xz(path: Path) -> Path:
    target = path.with_name("fer2013.csv.xz")
    target.write_bytes(lzma.compress(path.read_bytes()))
    return target


def compress_zip(path: Path) -> Path:
    target = path.with_name("archive.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._fer2013.csv", b"shadow")
        archive.writestr("train.csv", b"emotion,pixels\n")
        archive.write(path, "fer2013/fer2013.csv")
    return target


def compress_tar(path: Path) -> Path:
    target = path.with_name("fer2013.tar.gz")
    with tarfile.open(target, "w:gz") as archive:
        archive.add(path, "fer2013/README")
        archive.add(path, "fer2013/fer2013.csv")
    return target


COMPRESSIONS = [compress_plain, compress_gz, compress_bz2, compress_xz, compress_zip, compress_tar]


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_every_compression_is_read(compress: Callable[[Path], Path], official_csv: Path, make_images: Any) -> None:
    path = compress(official_csv)

    records = list(read_csv(path))

    assert is_csv(path, path.read_bytes()[:8])
    assert [record.row for record in records] == list(range(9))
    assert [record.label for record in records] == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert [record.split for record in records] == [0] * 6 + [1] * 2 + [2]
    np.testing.assert_array_equal(np.stack([record.image for record in records]), make_images(9))


@pytest.mark.parametrize("compress", COMPRESSIONS[1:])
def test_truncated_file_is_an_error(compress: Callable[[Path], Path], official_csv: Path) -> None:
    path = compress(official_csv)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(DatasetError, match="truncated"):
        list(read_csv(path))


def test_truncated_last_row_is_an_error(official_csv: Path) -> None:
    official_csv.write_bytes(official_csv.read_bytes()[:-5])

    with pytest.raises(
        DatasetError, match=r"row 8: a usage must be .* got 'Private' \(line 10 of .*truncated"
    ) as caught:
        list(read_csv(official_csv))

    assert caught.value.row == 8


def test_file_with_only_a_header_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("emotion,pixels,Usage\n")

    assert list(read_csv(path)) == []


def test_columns_in_another_order_and_case(tmp_path: Path, make_images: Any) -> None:
    image = make_images(1)[0]
    pixels = " ".join(map(str, image.reshape(-1)))
    path = tmp_path / "icml_face_data.csv"
    path.write_bytes(f'\ufeffemotion, Usage, pixels\r\n3,PublicTest,"{pixels}"\r\n\r\n'.encode())

    (record,) = read_csv(path)

    assert (record.row, record.label, record.split) == (0, 3, 1)
    np.testing.assert_array_equal(record.image, image)


PIXELS = " ".join(["7"] * 2304)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("3,,", "a row must have 2304 pixels, got 0"),
        ("nothing", "a row must have 3 fields, got 1"),
        (f"0,{PIXELS},Training,more", "a row must have 3 fields, got 4"),
        (f"7,{PIXELS},Training", "an emotion must be in 0..6, got '7'"),
        (f"-1,{PIXELS},Training", "an emotion must be in 0..6, got '-1'"),
        (f"happy,{PIXELS},Training", "an emotion must be in 0..6, got 'happy'"),
        (f"0,{PIXELS},Holdout", "a usage must be one of Training, PublicTest, PrivateTest, got 'Holdout'"),
        (f"0,{PIXELS[:-2]},Training", "a row must have 2304 pixels, got 2303"),
        (f"0,{PIXELS} 7,Training", "a row must have 2304 pixels, got 2305"),
        (f"0,{PIXELS[:-1]}256,Training", "pixels must be in 0..255, got 256"),
        (f"0,{PIXELS[:-1]}-1,Training", "pixels must be in 0..255, got '-1'"),
        (f"0,{PIXELS[:-1]}-,Training", "pixels must be in 0..255, got '-'"),
        (f"0,{PIXELS[:-1]}99999999999999999999999,Training", "pixels must be in 0..255"),
        (f"0,{PIXELS[:-1]}1.5,Training", "pixels must be in 0..255, got '1.5'"),
        (f"0,{PIXELS[:-1]}x,Training", "pixels must be in 0..255, got 'x'"),
        (f"0,{PIXELS[:-2]}\u00a00,Training", "pixels must be in 0..255, got '.*xa00'"),
        ("0," + "1" * 100_000, "a row must have 3 fields, got 2"),
        ("0," + "1" * 200_000, "a line is longer than"),
        (f'0,"{PIXELS},Training', "the row must|a row must have 3 fields, got 2"),
    ],
)
def test_malformed_row_is_an_error(row: str, message: str, official_csv: Path) -> None:
    with official_csv.open("a") as file:
        file.write(row + "\n")

    with pytest.raises(DatasetError, match=f"^row 9: .*({message}).* \\(line 11 of fer2013.csv") as caught:
        list(read_csv(official_csv))

    assert caught.value.row == 9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the header must be `emotion,pixels,Usage`, got an empty line"),
        (b"emotion,pixels\n", "the header must be"),
        (b"\xff\xfe\x00", "the header must be"),
    ],
)
def test_wrong_header_is_an_error(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)

    with pytest.raises(DatasetError, match=message):
        list(read_csv(path))


def test_archive_without_the_csv_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train/happy/Training_1.jpg", b"")

    with pytest.raises(DatasetError, match="must hold one CSV file, got none; unpack it"):
        list(read_csv(path))


def test_tar_without_the_csv_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "other.py")

    with pytest.raises(DatasetError, match=r"must hold a fer2013\.csv, got none; unpack it"):
        list(read_csv(path))


def test_table_of_a_spreadsheet_is_read(tmp_path: Path, make_images: Any) -> None:
    first, second = (" ".join(map(str, image.reshape(-1))) for image in make_images(2))
    rows = [
        ["note", "Usage", "emotion", "a, b\nc", "pixels", "id"],
        ['calm, "perhaps"', "Training", "3", "two\r\nlines", first, "1"],
        ["", "", "", "", "", ""],
        ["", "PublicTest", "4", "", second, "2", "", ""],
    ]
    for delimiter, end, encoding in [(",", "\n", "utf-8"), (";", "\r\n", "utf-8-sig"), ("\t", "\r", "utf-16")]:
        path = tmp_path / f"{encoding}.csv"
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
        path.write_bytes(text.getvalue().removesuffix(end).encode(encoding))

        records = list(read_csv(path))

        assert [(record.row, record.label, record.split) for record in records] == [(0, 3, 0), (1, 4, 1)], encoding
        np.testing.assert_array_equal([record.image for record in records], make_images(2))


def test_error_after_quoted_line_ends_names_the_line(tmp_path: Path, line: Any, make_images: Any) -> None:
    path = tmp_path / "fer2013.csv"
    first = line(3, make_images(1)[0], 'Training,"one\ntwo\nthree"')
    path.write_text(f"emotion,pixels,Usage,note\n{first}\n3,1 2,Training,\n")

    with pytest.raises(DatasetError, match=r"^row 1: a row must have 2304 pixels, got 2 \(line 5 of fer2013\.csv\)$"):
        list(read_csv(path))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    image=hnp.arrays(np.uint8, (48, 48)),
    label=st.integers(0, 6),
    usage=st.sampled_from(["Training", "PublicTest", "PrivateTest"]),
)
def test_read_returns_what_was_written(image: Any, label: int, usage: str, tmp_path: Path, write_csv: Any) -> None:
    path = write_csv(tmp_path / "fer2013.csv", [(label, image, usage)])

    (record,) = read_csv(path)

    assert record.label == label
    assert record.split == ["Training", "PublicTest", "PrivateTest"].index(usage)
    np.testing.assert_array_equal(record.image, image)
