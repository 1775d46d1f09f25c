from pathlib import Path

import pytest

from mememoji.datasets.fer2013.ferplus import read_votes
from mememoji.errors import DatasetError

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def test_file_with_only_a_header_has_no_votes(tmp_path: Path) -> None:
    path = tmp_path / "fer2013new.csv"
    path.write_text(HEADER + "\n")

    votes = read_votes(path)

    assert len(votes) == 0
    assert votes.votes.shape == (0, 10)


def test_votes_are_in_the_order_of_the_file(ferplus_csv: Path) -> None:
    votes = read_votes(ferplus_csv)

    assert votes.splits.tolist() == [0] * 6 + [1] * 2 + [2]
    assert votes.votes[3].tolist() == [3, 0, 0, 0, 0, 0, 2, 0, 0, 10]


def test_other_columns_and_orders_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fer2013new.csv"
    names = HEADER.split(",")
    path.write_text(";".join(["note", *reversed(names)]) + '\n"a;b\nc";9;8;7;6;5;4;3;2;1;0;fer0.png;PublicTest\n')

    votes = read_votes(path)

    assert votes.splits.tolist() == [1]
    assert votes.votes.tolist() == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]


def test_row_without_an_image_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "fer2013new.csv"
    path.write_text(f"{HEADER}\nTraining,,0,0,0,0,0,0,0,0,0,10\n")

    assert read_votes(path).votes[0].tolist() == [0] * 9 + [10]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Training", "a row must have 12 fields, got 1"),
        ("Training,a.png,1,0,0,0,0,0,0,0,0", "a row must have 12 fields, got 11"),
        ("Holdout,a.png,1,0,0,0,0,0,0,0,0,0", "a usage must be one of"),
        ("Training,a.png,1,0,0,0,0,0,0,0,0,x", "the number of votes must be in 0..255, got 'x'"),
        ("Training,a.png,1,0,0,0,0,0,0,0,0,-1", "the number of votes must be in 0..255, got '-1'"),
        ("Training,a.png,1,0,0,0,0,0,0,0,0,256", "the number of votes must be in 0..255, got '256'"),
    ],
)
def test_malformed_row_is_an_error(row: str, message: str, ferplus_csv: Path) -> None:
    with ferplus_csv.open("a") as file:
        file.write(row)

    with pytest.raises(DatasetError, match=f"^row 9: .*{message}") as caught:
        read_votes(ferplus_csv)

    assert caught.value.row == 9


@pytest.mark.parametrize("content", [b"", b"emotion,pixels,Usage\n", b"\xff\xfe"])
def test_other_file_is_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fer2013new.csv"
    path.write_bytes(content)

    with pytest.raises(DatasetError, match=r"the header must be|cannot be read as CSV"):
        read_votes(path)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"must be FER\+'s fer2013new\.csv, but does not exist"):
        read_votes(tmp_path / "none.csv")
