"""Image input and output: read anything to an upright RGB array within limits; write JPEG, PNG and data URLs."""

import base64
import importlib
import io
import os
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from mememoji.end_marks import complete_jpeg, is_jpeg_end_missing, is_png_end_missing
from mememoji.errors import ImageError, TooLargeError
from mememoji.exif import apply_orientation, read_orientation
from mememoji.file_names import format_name
from mememoji.image_formats import READABLE_NAMES, identify_format
from mememoji.pixel_conversion import array_to_rgb, pillow_to_rgb
from mememoji.tiff_tags import TiffTags
from mememoji.types import UInt8Array

ImageLike = str | os.PathLike[str] | bytes | npt.NDArray[Any] | Image.Image
"""The types that `read_image` accepts; a `str` is a path."""

RGBImage = UInt8Array
"""(H, W, 3) uint8, RGB."""

END_MISSING: Final = "the file ends before its end mark; the image itself is complete"
"""The warning about a file that lacks only its end mark."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The largest images that are accepted. Larger ones are rejected by their header, before they are decoded.

    Attributes:
        max_bytes: The largest file size in bytes.
        max_pixels: The largest product of width and height.
        max_side: The largest width and height in pixels; several functions of OpenCV support no more than the default.

    Raises:
        ValueError: A limit is not positive.

    Example:
        >>> import numpy as np
        >>> from mememoji import ImageLimits, read_image
        >>> read_image(np.zeros((300, 400, 3), np.uint8), ImageLimits(max_pixels=100_000))
        Traceback (most recent call last):
        mememoji.errors.TooLargeError: the array: expected at most 100,000 pixels, got 400x300; shrink it, or raise \
ImageLimits.max_pixels
    """

    max_bytes: int = 50 * 2**20
    max_pixels: int = 50_000_000
    max_side: int = 32_767

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.max_pixels, self.max_side) < 1:
            raise ValueError(f"limits must be positive, got {self}")


DEFAULT_LIMITS: Final = ImageLimits()


class DecodedImage(NamedTuple):
    """An image, and warnings about its file.

    Attributes:
        pixels: (H, W, 3) uint8, RGB, upright.
        warnings: What is wrong with the file although the image could be read.
    """

    pixels: RGBImage
    warnings: tuple[str, ...] = ()


def read_image(image: ImageLike, limits: ImageLimits = DEFAULT_LIMITS) -> RGBImage:
    """Read an image to an upright RGB array.

    EXIF orientation is applied, transparent pixels are blended with white, palettes are resolved, and 16 bits are
    scaled to 8. An animation or a file of several pages gives its first one, an open Pillow image its current one. A
    JPEG or PNG that lacks only its end mark is read; `decode_image` reports that.

    Args:
        image: A path; the bytes of a file; a Pillow image; or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4),
            upright and in the order R, G, B, alpha. OpenCV's arrays are BGR: pass `array[..., ::-1]`. The dtype of an
            array is uint8; uint16 with 65535 as white; bool with True as white; or float in 0..1.
        limits: The largest images that are accepted.

    Returns:
        (H, W, 3) uint8, C-contiguous. An array that already has this form is returned without a copy.

    Raises:
        TooLargeError: The image exceeds a limit.
        ImageError: The image is missing, empty, not an image, truncated, or of a dtype whose white is unknown.

    Example:
        >>> import numpy as np
        >>> from mememoji import read_image
        >>> read_image(np.zeros((48, 64), np.float32)).shape
        (48, 64, 3)
    """
    return decode_image(image, limits).pixels


def decode_image(image: ImageLike, limits: ImageLimits = DEFAULT_LIMITS) -> DecodedImage:
    """Read an image as `read_image` does, and report what is wrong with its file.

    Example:
        >>> import numpy as np
        >>> from mememoji.image_io import decode_image, encode_png
        >>> png = encode_png(np.zeros((48, 64, 3), np.uint8))
        >>> decode_image(png).warnings
        ()
        >>> decode_image(png[:-12]).warnings
        ('the file ends before its end mark; the image itself is complete',)
    """
    if isinstance(image, np.ndarray):
        return DecodedImage(_from_array(image, limits))
    if isinstance(image, Image.Image):
        return DecodedImage(_from_pillow(image, limits))
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _from_bytes(image, limits, "the bytes")
    if isinstance(image, (str, os.PathLike)):
        return _from_bytes(_read_bytes(image, limits), limits, format_name(image))
    raise ImageError(f"an image must be a path, bytes, an array or a Pillow image, got {type(image).__name__}")


def encode_jpeg(image: UInt8Array, quality: int = 90, *, comment: str = "") -> bytes:
    """Encode RGB (H, W, 3) or gray (H, W), uint8, as JPEG; `quality` is 1..95, `comment` a text near the file's start.

    Raises:
        ImageError: The array has another shape or dtype, or is wider or higher than JPEG allows (65,535 pixels).
        ValueError: The quality is out of range.
    """
    if not 1 <= quality <= 95:
        raise ValueError(f"quality must be in 1..95, got {quality}")
    return _encode(image, "JPEG", quality=quality, comment=comment.encode())


def encode_png(image: UInt8Array, *, comment: str = "") -> bytes:
    """Encode RGB (H, W, 3) or gray (H, W), uint8, as PNG; `comment` is a text near the file's start.

    Raises:
        ImageError: The array has another shape or dtype.
    """
    chunks = PngInfo()
    if comment:
        chunks.add_text("Comment", comment)
    return _encode(image, "PNG", pnginfo=chunks)


def to_data_url(content: bytes, media_type: str) -> str:
    """Convert the bytes of a file to a base64 `data:` URL (RFC 2397); `media_type` is, for example, `image/jpeg`."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _read_bytes(path: str | os.PathLike[str], limits: ImageLimits) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - Path("") would be the current folder
            size = os.fstat(file.fileno()).st_size
            # A pipe has no size: one byte more than the limit shows that it is too long.
            content = file.read(limits.max_bytes + 1) if size <= limits.max_bytes else b""
    except IsADirectoryError as error:
        raise ImageError(f"{format_name(path)} is a folder; pass an image in it") from error
    except (OSError, ValueError) as error:
        if re.match(r"data:|[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE):
            raise ImageError(
                f"{str(path)[:80]} looks like a URL, but only files are read; download the image, or pass its bytes"
            ) from error
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ImageError(f"{format_name(path) or 'an empty path'} cannot be read: {reason}") from error
    if max(size, len(content)) > limits.max_bytes:
        raise _too_many_bytes(format_name(path), max(size, len(content)), limits)
    return content


def _too_many_bytes(name: str, size: int, limits: ImageLimits) -> TooLargeError:
    return TooLargeError(
        f"{name}: expected at most {limits.max_bytes:,} bytes, got {size:,}; shrink it, or raise ImageLimits.max_bytes"
    )


def _check_size(name: str, width: int, height: int, limits: ImageLimits) -> None:
    if width * height > limits.max_pixels:
        expected, limit = f"{limits.max_pixels:,} pixels", "max_pixels"
    elif max(width, height) > limits.max_side:
        expected, limit = f"{limits.max_side:,} pixels per side", "max_side"
    else:
        return
    raise TooLargeError(
        f"{name}: expected at most {expected}, got {width}x{height}; shrink it, or raise ImageLimits.{limit}"
    )


def _from_bytes(content: bytes | bytearray | memoryview, limits: ImageLimits, name: str) -> DecodedImage:
    if len(content) > limits.max_bytes:
        raise _too_many_bytes(name, len(content), limits)
    content = bytes(content)
    if not content:
        raise ImageError(f"{name}: expected an image, got 0 bytes")
    form = identify_format(content[:512])
    if form is None or not form.is_readable:
        kind = f"content that starts with {content[:8]!r}" if form is None else f"{form.name}; {form.advice}"
        raise ImageError(f"{name}: expected {_join(READABLE_NAMES)}, got {kind}")

    def decode(content: bytes) -> RGBImage:
        with _decoding(name), _load_plugin(form.plugin)(io.BytesIO(content)) as image:
            return _from_pillow(image, limits, name)

    if form.name == "TIFF":
        _check_tiff(content, name)
    try:
        pixels = decode(content)
    except TooLargeError:
        raise
    except ImageError:
        completed = None
        if form.name == "JPEG":
            with suppress(ImageError):
                completed = complete_jpeg(content, decode)
        if completed is None:
            raise
        return DecodedImage(completed, (END_MISSING,))
    lacks_end = {"JPEG": is_jpeg_end_missing, "PNG": is_png_end_missing}.get(form.name)
    return DecodedImage(pixels, (END_MISSING,) if lacks_end is not None and lacks_end(content) else ())


def _join(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _check_tiff(content: bytes, name: str) -> None:
    with _decoding(name):
        tags = TiffTags(content)
        if tags.is_camera_raw:
            raise ImageError(f"{name}: expected {_join(READABLE_NAMES)}, got camera raw; export as JPEG or PNG")
        if not tags.is_readable:
            raise ImageError(f"{name}: a TIFF must have 8 or 16 bits per channel, got {tags.samples}; convert it")


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise TooLargeError(f"{name}: {error}") from error
    # On malformed files Pillow's decoders raise almost any exception.
    except Exception as error:
        is_header_cut = struct.error in (type(error), type(error.__cause__))
        reason = "its header ends too early" if is_header_cut else error
        raise ImageError(f"{name}: damaged, truncated or closed: {reason}") from error


@cache
def _load_plugin(name: str) -> type[ImageFile.ImageFile]:
    # Not Image.open, which warns about or rejects sizes by a limit that is global to the process.
    module = "pillow_heif" if name == "Heif" else f"PIL.{name}ImagePlugin"
    try:
        image_class: type[ImageFile.ImageFile] = getattr(importlib.import_module(module), f"{name}ImageFile")
    except ImportError as error:
        raise ImageError(f"this version of Pillow cannot read {name}: pip install --upgrade pillow") from error
    if name != "Jpeg":
        return image_class

    class QuietJpeg(image_class):  # type: ignore[valid-type,misc]
        # Pillow reads the resolution from EXIF and warns if that is damaged, although the image is not.
        def getexif(self) -> Image.Exif:
            return Image.Exif()

    return QuietJpeg


def _from_array(array: npt.NDArray[Any], limits: ImageLimits) -> RGBImage:
    if array.ndim in (2, 3):
        _check_size("the array", array.shape[1], array.shape[0], limits)
    return array_to_rgb(array)


def _from_pillow(image: Image.Image, limits: ImageLimits, name: str = "the image") -> RGBImage:
    _check_size(name, *image.size, limits)
    with _decoding(name):
        image.load()
        pixels = pillow_to_rgb(image)
    # After loading, because a PNG may have its EXIF after the pixels. Pillow rotates TIFF itself while loading.
    return apply_orientation(pixels, read_orientation(image.info.get("exif") or b""))


def _encode(image: UInt8Array, kind: str, **options: Any) -> bytes:
    if image.dtype != np.uint8 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or not image.size:
        raise ImageError(f"an image must be (H, W, 3) or (H, W) uint8, got {image.shape} {image.dtype}")
    file = io.BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(image)).save(file, kind, **options)
    except (OSError, ValueError) as error:
        raise ImageError(f"{image.shape[1]}x{image.shape[0]} cannot be written as {kind}: {error}") from error
    return file.getvalue()
