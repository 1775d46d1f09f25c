"""EXIF's orientation: how a stored image has to be turned to stand upright."""

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

_TAG: Final = 0x0112
_SHORT: Final = 3


def orientation_of(exif: bytes) -> int:
    """The orientation 1..8 in an EXIF block (CIPA DC-008), 1 where none can be read."""
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


def upright(image: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Turn (H, W, 3) as stored to (H, W, 3) or (W, H, 3) as seen, C-contiguous; `orientation` is 1..8."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
