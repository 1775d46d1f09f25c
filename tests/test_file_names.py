"""File names as text."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.file_names import format_name, to_unicode


@pytest.mark.parametrize(
    "name",
    [
        "",
        "talk.mp4",
        "a b.mp4",
        "100%d.mp4",
        "-x.mp4",
        "françois.mp4",
        "日本語\u3000１.mp4",
        "👩\u200d👧 🙂.mp4",
        "3.45\u202fPM.png",
    ],
)
def test_format_name_keeps_printable_names(name: str) -> None:
    assert format_name(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a\nb\tc\r.mp4", r"a\nb\tc\r.mp4"),
        ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        ("gpj.\u202egnp\u2028", r"gpj.\u202egnp\u2028"),
        (os.fsdecode(b"fran\xe7ois.mp4"), r"fran\xe7ois.mp4"),
        (Path("folder", "x\0"), r"folder/x\x00"),
    ],
)
def test_format_name_escapes_what_breaks_lines_terminals_and_encodings(name: str | Path, expected: str) -> None:
    assert format_name(name) == expected


@given(st.binary(max_size=40))
def test_format_name_of_any_bytes_is_one_encodable_line(name: bytes) -> None:
    text = format_name(os.fsdecode(name))
    assert len(text.encode("utf-8").decode("utf-8").splitlines()) <= 1
    assert to_unicode(os.fsdecode(name)).encode("utf-8") == (name if _is_utf8(name) else text.encode("utf-8"))


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
