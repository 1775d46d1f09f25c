"""End marks of image files: whether a file that ends too early lacks nothing of its image.

A download that was cut or a careless program may leave out the last bytes. Viewers and browsers show an image that
lacks only its end mark, because every pixel is there; one that lacks pixels is damaged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mememoji.types import UInt8Array

JPEG_END: Final = b"\xff\xd9"
PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RESTART_MARKERS: Final = frozenset(range(0xD0, 0xD8))
_START_OF_SCAN: Final = 0xDA
_RESTART_INTERVAL: Final = 0xDD

# Entropy-coded data that differ from each other in their first bits, and in what they mean in any Huffman code.
_CONTINUATIONS: Final = (
    b"\xff\x00" * 32,
    b"\x55" * 64,
    *(np.random.default_rng(seed).integers(0, 255, 64, np.uint8).tobytes() for seed in range(2)),
)


@dataclass(slots=True)
class _Scans:
    """What the scans of a JPEG have sent.

    Attributes:
        pending: The bits that are not sent yet of each coefficient of each component; -1 for a coefficient not sent.
        has_restarts: Whether the scans contain restart markers.
        restart_index: The index, 0..7, of the next restart marker in the last scan.
        is_valid: Whether all marker segments are complete, and the data of the last scan run to the end of the file.
    """

    pending: dict[int, list[int]] = field(default_factory=dict)
    has_restarts: bool = False
    restart_index: int = 0
    is_valid: bool = False

    @property
    def are_complete(self) -> bool:
        """Whether a scan for each bit of each coefficient has begun."""
        return self.is_valid and all(bits == 0 for component in self.pending.values() for bits in component)


def complete_jpeg(content: bytes, decode: Callable[[bytes], UInt8Array]) -> UInt8Array | None:
    """Decode a JPEG that lacks only its two-byte end mark.

    Nothing is missing if no pixel depends on what would follow: the scans cover all coefficients, and the image is the
    same whatever data are put in place of the missing ones.

    Args:
        content: The bytes of a file that ends without an end mark, or with the first of its two bytes.
        decode: A function that decodes the bytes of a complete JPEG to (H, W, 3) or (H, W) uint8.

    Returns:
        The image; None if more is missing than the end mark, or the file is damaged.
    """
    content = content.removesuffix(JPEG_END[:1])
    scans = _read_scans(content)
    if not scans.are_complete:
        return None
    image = decode(content + JPEG_END)
    # A decoder takes data after a restart marker only if the marker has the expected index.
    restart = bytes((0xFF, 0xD0 + scans.restart_index))
    for prefix in (b"", restart) if scans.has_restarts else (b"",):
        for continuation in _CONTINUATIONS:
            if not np.array_equal(decode(content + prefix + continuation + JPEG_END), image):
                return None
    return image


def is_jpeg_end_missing(content: bytes) -> bool:
    """Return whether a JPEG lacks its end mark or a part of it; what follows the mark does not count."""
    return not content.endswith(JPEG_END) and _read_scans(content).is_valid


def is_png_end_missing(content: bytes) -> bool:
    """Return whether a PNG lacks its last chunk, IEND, or a part of it."""
    start = len(PNG_SIGNATURE)
    while start + 12 <= len(content):
        kind = content[start + 4 : start + 8]
        start += 12 + int.from_bytes(content[start : start + 4], "big")
        if kind == b"IEND":
            return False
    return True


def _read_scans(content: bytes) -> _Scans:
    scans = _Scans()
    start, size = 2, len(content)
    while start < size:
        if content[start] != 0xFF:
            return scans
        if start + 1 == size:
            return scans
        marker = content[start + 1]
        if marker == 0xFF:  # a fill byte
            start += 1
            continue
        if marker == JPEG_END[1]:
            return scans
        if start + 4 > size:
            return scans
        length = int.from_bytes(content[start + 2 : start + 4], "big")
        segment = content[start + 4 : start + 2 + length]
        if length < 2 or len(segment) != length - 2:
            return scans
        start += 2 + length
        if marker in _FRAME_MARKERS:
            scans.pending = {segment[6 + 3 * index]: [-1] * 64 for index in range((len(segment) - 6) // 3)}
        elif marker == _RESTART_INTERVAL:
            scans.has_restarts = any(segment)
        elif marker == _START_OF_SCAN:
            _add_scan(scans, segment)
            start, scans.restart_index = _skip_entropy_coded(content, start)
            scans.is_valid = start >= size
    return scans


def _add_scan(scans: _Scans, segment: bytes) -> None:
    """Note what a scan sends: the segment ends with the first and last coefficient and two positions of bits."""
    if len(segment) < 6:
        return
    first, last, low_bit = segment[-3], segment[-2], segment[-1] & 15
    for index in range(min(segment[0], (len(segment) - 4) // 2)):
        component = scans.pending.get(segment[1 + 2 * index])
        if component is not None:
            for coefficient in range(first, min(last, 63) + 1):
                component[coefficient] = low_bit


def _skip_entropy_coded(content: bytes, start: int) -> tuple[int, int]:
    """Return the position of the first marker after a scan's data, or the end, and the next restart index."""
    restart_index = 0
    while True:
        start = content.find(b"\xff", start)
        if start < 0 or start + 1 >= len(content):
            return len(content), restart_index
        following = content[start + 1]
        if following in _RESTART_MARKERS:
            restart_index = (following - 0xD0 + 1) % 8
        elif following not in (0x00, 0xFF):
            return start, restart_index
        start += 2 if following != 0xFF else 1
