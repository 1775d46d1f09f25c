"""Conversion of pixels to RGB: of arrays with any usual dtype, and of Pillow images with any mode."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mememoji.errors import ImageError
from mememoji.types import UInt8Array


def array_to_rgb(array: npt.NDArray[Any]) -> UInt8Array:
    """Convert an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), see `read_image`, to (H, W, 3) uint8, C-contiguous.

    Raises:
        ImageError: The array has another shape, is empty, or its dtype or values leave the white level unknown.
    """
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageError(f"an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) and not empty, got {array.shape}")
    levels = _to_uint8(array)
    if levels.ndim == 3 and levels.shape[2] == 4:
        return np.array(_blend_with_white(Image.fromarray(np.ascontiguousarray(levels))))
    if levels.ndim == 2 or levels.shape[2] == 1:
        levels = np.repeat(levels.reshape(*levels.shape[:2], 1), 3, axis=2)  # (H, W) -> (H, W, 3)
    return np.ascontiguousarray(levels)


def pillow_to_rgb(image: Image.Image) -> UInt8Array:
    """Convert a loaded Pillow image to (H, W, 3) uint8; transparent pixels are blended with white.

    Raises:
        ImageError: The image has floats outside 0..1 or 32-bit integers.
    """
    if image.mode == "F" or image.mode.startswith("I;16"):
        return array_to_rgb(np.asarray(image))
    if image.mode == "I":
        # Old versions of Pillow use this mode for 16-bit PNG, and all for 16-bit PPM; elsewhere its white is undefined.
        values = np.asarray(image)
        if image.format not in ("PNG", "PPM") or values.min() < 0 or values.max() > 65535:
            raise ImageError("the white level of 32-bit gray is undefined; convert the image to 8 or 16 bits")
        return array_to_rgb(values.astype(np.uint16))
    if image.has_transparency_data:
        image = _blend_with_white(image.convert("RGBA"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.array(image)


def _blend_with_white(image: Image.Image) -> Image.Image:
    background = Image.new("RGB", image.size, "white")
    background.paste(image, mask=image.getchannel("A"))
    return background


def _to_uint8(array: npt.NDArray[Any]) -> UInt8Array:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind == "f":
        # NaN compares as false, so it is rejected here too. The tolerance allows for rounding by the caller.
        if not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):
            raise ImageError(f"floats must be in 0..1, got {array.min()}..{array.max()}; divide by the white level")
        return np.asarray(np.clip(np.rint(array * 255), 0, 255), np.uint8)
    raise ImageError(f"an array must be uint8, uint16, bool or float in 0..1, got {array.dtype}; convert it")
