"""File names as text: on one line, and valid in every encoding of Unicode."""

import os
import unicodedata
from typing import Final

_ESCAPED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL_CONTROLS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ESCAPES: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def format_name(path: str | os.PathLike[str]) -> str:
    r"""Return a path for tables, messages and titles, with the characters escaped that would break them.

    A name may contain line ends, sequences that control a terminal, marks that reverse the direction of the text, and,
    on Linux, bytes that are not UTF-8, which Python keeps as lone surrogates that no encoding accepts. They become
    `\n`, `\x1b`, `\u202e` and `\xe7`. Other names stay as they are.

    Example:
        >>> import os
        >>> from mememoji.file_names import format_name
        >>> print(format_name(os.fsdecode(b"fran\xe7ois\n.mp4")), format_name("日本 🙂.mp4"))
        fran\xe7ois\n.mp4 日本 🙂.mp4
    """
    return "".join(_escape(character) if _is_escaped(character) else character for character in os.fspath(path))


def to_unicode(path: str | os.PathLike[str]) -> str:
    r"""Return a path for JSON: as it is, or as `format_name` escapes it if it holds bytes that are not UTF-8.

    Example:
        >>> import os
        >>> from mememoji.file_names import to_unicode
        >>> to_unicode("a\nb.mp4"), to_unicode(os.fsdecode(b"fran\xe7ois.mp4"))
        ('a\nb.mp4', 'fran\\xe7ois.mp4')
    """
    name = os.fspath(path)
    return format_name(name) if any("\ud800" <= character <= "\udfff" for character in name) else name


def _is_escaped(character: str) -> bool:
    return unicodedata.category(character) in _ESCAPED_CATEGORIES or character in _BIDIRECTIONAL_CONTROLS


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        # A byte that is not UTF-8, as `os.fsdecode` keeps it.
        code -= 0xDC00
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
