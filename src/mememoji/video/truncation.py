"""Check of a file's size against the sizes that its own headers declare."""

import os
from pathlib import Path
from typing import BinaryIO, Final

_EBML: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = b"\x18\x53\x80\x67"
_TS_PACKET_SIZES: Final = (188, 192, 204)
_MAX_OGG_PAGE: Final = 65_307


def is_truncated(path: Path) -> bool:
    """Return whether the end of a media file is missing.

    A duration in the header does not show that: it includes sound that lasts longer than the video, and is an
    estimate in some containers. Sizes are exact. Formats that declare none are reported as whole.

    Args:
        path: A file in MP4 or QuickTime, Matroska or WebM, AVI, MPEG-TS, Ogg or GIF; False for all others.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(16)
        if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"):
            return _is_mp4_truncated(file, size)
        if head[:4] == _EBML:
            return _is_matroska_truncated(file, size)
        if head[:4] == b"RIFF":
            return _is_riff_truncated(file, size)
        if head[:4] == b"GIF8":
            file.seek(max(size - 1024, 0))
            return not file.read().rstrip(b"\0").endswith(b";")
        if head[:4] == b"OggS":
            return _is_ogg_truncated(file, size)
        return _is_transport_stream_truncated(file, size)


def _is_mp4_truncated(file: BinaryIO, size: int) -> bool:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length, name = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        # 0 extends to the end of the file; smaller numbers and other names are padding after the last box.
        if length < 8 or not name.isalnum():
            return False
        position += length
    return position > size


def _is_matroska_truncated(file: BinaryIO, size: int) -> bool:
    file.seek(4)
    header_size = _read_ebml_size(file)
    if header_size is None:
        return False
    file.seek(header_size, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return False
    segment_size = _read_ebml_size(file)
    # Streamed files do not know their size.
    return segment_size is not None and file.tell() + segment_size > size


def _read_ebml_size(file: BinaryIO) -> int | None:
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    mask = (1 << (8 - length)) - 1
    rest = file.read(length - 1)
    value = int.from_bytes(bytes([first[0] & mask]) + rest, "big")
    return None if value == (1 << (7 * length)) - 1 else value


def _is_riff_truncated(file: BinaryIO, size: int) -> bool:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(8)
        length = int.from_bytes(header[4:8], "little")
        # Programs that were interrupted leave 0, and those that write to a pipe the largest number.
        if header[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):
            return False
        position += 8 + length
    return position > size


def _is_ogg_truncated(file: BinaryIO, size: int) -> bool:
    file.seek(max(size - _MAX_OGG_PAGE, 0))
    tail = file.read()
    start = tail.rfind(b"OggS")
    page = tail[start:]
    if start < 0 or len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])


def _is_transport_stream_truncated(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(3 * max(_TS_PACKET_SIZES) + 5)
    for packet_size in _TS_PACKET_SIZES:
        # Packets of 192 bytes begin with a time of 4 bytes.
        first = 4 if packet_size == 192 else 0
        if all(head[first + number * packet_size :][:1] == b"G" for number in range(3)):
            return size % packet_size != 0
    return False
