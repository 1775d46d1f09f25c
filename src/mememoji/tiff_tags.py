"""Tags of TIFF files: what a file contains that cannot be read as an image."""

import io
from typing import Any, Final

from PIL import TiffImagePlugin

_NEW_SUBFILE_TYPE: Final = 254
_BITS_PER_SAMPLE: Final = 258
_PHOTOMETRIC: Final = 262
_SAMPLES_PER_PIXEL: Final = 277
_SUB_IFDS: Final = 330
_SAMPLE_FORMAT: Final = 339
_DNG_VERSION: Final = 50706

_COLOR_FILTER_ARRAY: Final = (32803, 34892)
_KINDS: Final = {1: "unsigned integers", 2: "signed integers", 3: "floats", 5: "complex integers", 6: "complex floats"}


class TiffTags:
    """The tags of the first page of a TIFF file; their values are decoded by the properties.

    Args:
        content: The bytes of the file.

    Raises:
        Exception: The file is damaged, which the properties report too; the type of the exception is up to Pillow.
    """

    def __init__(self, content: bytes) -> None:
        file = io.BytesIO(content)
        is_big_tiff = b"+" in content[2:4]
        tags: Any = TiffImagePlugin.ImageFileDirectory_v2(file.read(16 if is_big_tiff else 8))
        file.seek(tags.next)
        tags.load(file)
        self._tags = tags

    @property
    def is_camera_raw(self) -> bool:
        """Whether the file is a camera's raw file, whose first page is a small preview or the data of a sensor."""
        if _DNG_VERSION in self._tags or self._tags.get(_PHOTOMETRIC) in _COLOR_FILTER_ARRAY:
            return True
        is_preview = bool(self._tags.get(_NEW_SUBFILE_TYPE, 0) & 1)
        return is_preview and _SUB_IFDS in self._tags

    @property
    def is_readable(self) -> bool:
        """Whether the type of the samples is one that Pillow reads: it reads floats and 32 bits in gray only."""
        bits, kind = self._first_sample
        num_samples = self._tags.get(_SAMPLES_PER_PIXEL, 1)
        return bits <= 16 and kind in (1, 4) if num_samples > 1 else bits <= 32

    @property
    def samples(self) -> str:
        """The number, size and type of the samples of a pixel, such as "3 x 32-bit floats"."""
        bits, kind = self._first_sample
        return f"{self._tags.get(_SAMPLES_PER_PIXEL, 1)} x {bits}-bit {_KINDS.get(kind, 'samples of an unknown type')}"

    @property
    def _first_sample(self) -> tuple[int, int]:
        bits, kinds = self._tags.get(_BITS_PER_SAMPLE, (1,)), self._tags.get(_SAMPLE_FORMAT, (1,))
        return int(bits[0]), int(kinds[0])
