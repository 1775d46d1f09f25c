"""EXIF orientation: read it, and rotate or flip an image upright by it."""

import struct
from typing import Final

import numpy as np

from mememoji.types import UInt8Array

_TAG: Final = 0x0112
_SHORT: Final = 3


def read_orientation(exif: bytes) -> int:
    """Read the orientation, 1..8, from an EXIF block (CIPA DC-008); return 1 if there is none."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if (tag, kind, values) == (_TAG, _SHORT, 1):
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def apply_orientation(image: UInt8Array, orientation: int) -> UInt8Array:
    """Rotate and flip a stored image (H, W, 3) upright: (H, W, 3) or (W, H, 3), C-contiguous; `orientation` is 1..8."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
