"""Image input and output: read anything to an upright RGB array within limits; write JPEG, PNG and data URLs."""

import base64
import importlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from mememoji.errors import ImageError, TooLargeError
from mememoji.exif import apply_orientation, read_orientation
from mememoji.types import UInt8Array

ImageLike = str | os.PathLike[str] | bytes | npt.NDArray[Any] | Image.Image
"""The types that `read_image` accepts; a `str` is a path."""

RGBImage = UInt8Array
"""(H, W, 3) uint8, RGB."""

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".avif"}
    | {".bmp", ".dib", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm"}
)
"""The suffixes, in lower case, of the formats that `read_image` reads; it checks the content itself, not the suffix."""

# Only raster formats, and none whose decoder starts a program or follows a link, as PostScript does.
_SIGNATURES: Final[tuple[tuple[str, str], ...]] = (
    ("Jpeg", r"\xff\xd8\xff"),  # also MPO of cameras, whose first image is a complete JPEG
    ("Png", r"\x89PNG\r\n\x1a\n"),
    ("WebP", r"RIFF....WEBP"),
    ("Gif", r"GIF8[79]a"),
    ("Bmp", r"BM"),
    ("Tiff", r"II[*+]\0|MM\0[*+]"),
    ("Avif", r"....ftyp(?:avi[fs]|mif1....(?:....)*?avif)"),
    ("Ppm", r"P[1-6][\s#]"),
)
_FORMATS: Final = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or PPM"
_HEIC: Final = re.compile(rb"....ftyp(?:he[iv]|mif1|msf1)", re.DOTALL)


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


def read_image(image: ImageLike, limits: ImageLimits = DEFAULT_LIMITS) -> RGBImage:
    """Read an image to an upright RGB array.

    EXIF orientation is applied, transparent pixels are blended with white, palettes are resolved, and 16 bits are
    scaled to 8. An animation gives its first frame, an open Pillow image its current frame.

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
    if isinstance(image, np.ndarray):
        return _from_array(image, limits)
    if isinstance(image, Image.Image):
        return _from_pillow(image, limits)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _from_bytes(image, limits, "the bytes")
    if isinstance(image, (str, os.PathLike)):
        return _from_bytes(_read_bytes(image, limits), limits, str(image))
    raise ImageError(f"an image must be a path, bytes, an array or a Pillow image, got {type(image).__name__}")


def encode_jpeg(image: UInt8Array, quality: int = 90) -> bytes:
    """Encode RGB (H, W, 3) or gray (H, W), uint8, as JPEG; `quality` is 1..95.

    Raises:
        ImageError: The array has another shape or dtype, or is wider or higher than JPEG allows (65,535 pixels).
        ValueError: The quality is out of range.
    """
    if not 1 <= quality <= 95:
        raise ValueError(f"quality must be in 1..95, got {quality}")
    return _encode(image, "JPEG", quality=quality)


def encode_png(image: UInt8Array) -> bytes:
    """Encode RGB (H, W, 3) or gray (H, W), uint8, as PNG.

    Raises:
        ImageError: The array has another shape or dtype.
    """
    return _encode(image, "PNG")


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
        raise ImageError(f"{path} is a folder; pass an image in it") from error
    except (OSError, ValueError) as error:
        if re.match(r"data:|[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE):
            raise ImageError(
                f"{str(path)[:80]} looks like a URL, but a str is read as a path; pass the bytes of the image"
            ) from error
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ImageError(f"{path or 'an empty path'} cannot be read: {reason}") from error
    if max(size, len(content)) > limits.max_bytes:
        raise _too_many_bytes(str(path), max(size, len(content)), limits)
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


def _from_bytes(content: bytes | bytearray | memoryview, limits: ImageLimits, name: str) -> RGBImage:
    if len(content) > limits.max_bytes:
        raise _too_many_bytes(name, len(content), limits)
    head = bytes(content[:64])
    if not head:
        raise ImageError(f"{name}: expected an image, got 0 bytes")
    plugin = next((name for name, form in _SIGNATURES if re.match(form.encode("latin-1"), head, re.DOTALL)), None)
    if plugin is None:
        kind = "HEIC; convert it to JPEG" if _HEIC.match(head) else f"content that starts with {head[:8]!r}"
        raise ImageError(f"{name}: expected {_FORMATS}, got {kind}")
    image_class = _load_plugin(plugin)
    with _decoding(name), image_class(io.BytesIO(content)) as image:
        return _from_pillow(image, limits, name)


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
        raise ImageError(f"{name}: damaged, truncated or closed: {error}") from error


@cache
def _load_plugin(name: str) -> type[ImageFile.ImageFile]:
    # Not Image.open, which warns about or rejects sizes by a limit that is global to the process.
    try:
        image_class: type[ImageFile.ImageFile] = getattr(
            importlib.import_module(f"PIL.{name}ImagePlugin"), f"{name}ImageFile"
        )
    except ImportError as error:
        raise ImageError(f"this version of Pillow cannot read {name}: pip install --upgrade pillow") from error
    if name != "Jpeg":
        return image_class

    class QuietJpeg(image_class):  # type: ignore[valid-type,misc]
        # Pillow reads the resolution from EXIF and warns if that is damaged, although the image is not.
        def getexif(self) -> Image.Exif:
            return Image.Exif()

    return QuietJpeg


def _from_pillow(image: Image.Image, limits: ImageLimits, name: str = "the image") -> RGBImage:
    _check_size(name, *image.size, limits)
    with _decoding(name):
        image.load()
        pixels = _to_rgb(image, limits)
    # After loading, because a PNG may have its EXIF after the pixels. Pillow rotates TIFF itself while loading.
    return apply_orientation(pixels, read_orientation(image.info.get("exif", b"")))


def _to_rgb(image: Image.Image, limits: ImageLimits) -> RGBImage:
    if image.mode == "F" or image.mode.startswith("I;16"):
        return _from_array(np.asarray(image), limits)
    if image.mode == "I":
        # Old versions of Pillow use this mode for 16-bit PNG, and all for 16-bit PPM; elsewhere its white is undefined.
        values = np.asarray(image)
        if image.format not in ("PNG", "PPM") or values.min() < 0 or values.max() > 65535:
            raise ImageError("the white level of 32-bit gray is undefined; convert the image to 8 or 16 bits")
        return _from_array(values.astype(np.uint16), limits)
    if image.has_transparency_data:
        image = _blend_with_white(image.convert("RGBA"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.array(image)


def _blend_with_white(image: Image.Image) -> Image.Image:
    background = Image.new("RGB", image.size, "white")
    background.paste(image, mask=image.getchannel("A"))
    return background


def _from_array(array: npt.NDArray[Any], limits: ImageLimits) -> RGBImage:
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageError(f"an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) and not empty, got {array.shape}")
    _check_size("the array", array.shape[1], array.shape[0], limits)
    levels = _to_uint8(array)
    if levels.ndim == 3 and levels.shape[2] == 4:
        return np.array(_blend_with_white(Image.fromarray(np.ascontiguousarray(levels))))
    if levels.ndim == 2 or levels.shape[2] == 1:
        levels = np.repeat(levels.reshape(*levels.shape[:2], 1), 3, axis=2)  # (H, W) -> (H, W, 3)
    return np.ascontiguousarray(levels)


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


def _encode(image: UInt8Array, kind: str, **options: int) -> bytes:
    if image.dtype != np.uint8 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or not image.size:
        raise ImageError(f"an image must be (H, W, 3) or (H, W) uint8, got {image.shape} {image.dtype}")
    file = io.BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(image)).save(file, kind, **options)
    except (OSError, ValueError) as error:
        raise ImageError(f"{image.shape[1]}x{image.shape[0]} cannot be written as {kind}: {error}") from error
    return file.getvalue()
