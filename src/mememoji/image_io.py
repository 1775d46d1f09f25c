"""Bytes, path, array or Pillow image in, an upright RGB array out, within limits; JPEG, PNG and data URLs out."""

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

from mememoji.errors import PictureError, TooLargeError
from mememoji.exif import orientation_of, upright

Picture = str | os.PathLike[str] | bytes | npt.NDArray[Any] | Image.Image
"""What an image may be handed in as; a `str` is a path."""

RGBImage = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""

SUFFIXES: Final = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".mpo",
        ".png",
        ".apng",
        ".webp",
        ".gif",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".avif",
    }
    | {".pbm", ".pgm", ".ppm", ".pnm"}
)
"""The file names' endings, in lower case, of what `read_image` reads. It goes by content, never by them."""

# Only rasters, and no format whose decoder starts a program or follows a link (PostScript, for one).
_SIGNATURES: Final[tuple[tuple[str, str], ...]] = (
    ("Jpeg", r"\xff\xd8\xff"),  # a camera's MPO too: its first image is a JPEG from the first byte
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
    """What an image may have at most; it is refused by its header, before it is decoded.

    Attributes:
        max_bytes: of the file.
        max_pixels: width times height.
        max_side: width or height in pixels; several of OpenCV's operations take no more than the default.

    Raises:
        ValueError: a limit is not positive.
    """

    max_bytes: int = 50 * 2**20
    max_pixels: int = 50_000_000
    max_side: int = 32_767

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.max_pixels, self.max_side) < 1:
            raise ValueError(f"limits are positive, got {self}")


DEFAULT_LIMITS: Final = ImageLimits()


def read_image(picture: Picture, limits: ImageLimits = DEFAULT_LIMITS) -> RGBImage:
    """Read an image to an upright RGB array.

    EXIF orientation is applied, transparency laid on white, a palette resolved, 16 bits scaled to 8; of an animation
    comes the first frame (of an open Pillow image the frame it stands at).

    Args:
        image: a path; a file's bytes; a Pillow image; or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), in
            the order R, G, B, alpha and already upright. OpenCV's arrays are BGR: hand in `array[..., ::-1]`. Arrays
            are uint8; or uint16 with 65535 as white; or bool with True as white; or floats in 0..1.
        limits: what is refused as too large.

    Returns:
        (H, W, 3) uint8, C-contiguous. An array that is like this already comes back as it is, not copied.

    Raises:
        TooLargeError: over a limit.
        PictureError: missing, empty, no image, truncated, or numbers whose white cannot be known.
    """
    if isinstance(picture, np.ndarray):
        return _from_array(picture, limits)
    if isinstance(picture, Image.Image):
        return _from_pillow(picture, limits)
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return _from_bytes(picture, limits, "the bytes")
    if isinstance(picture, (str, os.PathLike)):
        return _from_bytes(_file_bytes(picture, limits), limits, str(picture))
    raise PictureError(f"an image is a path, bytes, an array or a Pillow image, got {type(picture).__name__}")


def encode_jpeg(image: npt.NDArray[np.uint8], quality: int = 90) -> bytes:
    """Encode RGB (H, W, 3) or gray (H, W), uint8, as JPEG; `quality` is 1..95.

    Raises:
        PictureError: an array of another kind, or one larger than JPEG can be (65,535 a side).
        ValueError: a quality out of range.
    """
    if not 1 <= quality <= 95:
        raise ValueError(f"quality lies in 1..95, got {quality}")
    return _encode(image, "JPEG", quality=quality)


def encode_png(image: npt.NDArray[np.uint8]) -> bytes:
    """Encode RGB (H, W, 3) or gray (H, W), uint8, as PNG.

    Raises:
        PictureError: an array of another kind.
    """
    return _encode(image, "PNG")


def to_data_url(content: bytes, media_type: str) -> str:
    """A file's bytes as a `data:` URL (RFC 2397), base64; `media_type` is like `image/jpeg`."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _file_bytes(path: str | os.PathLike[str], limits: ImageLimits) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - Path("") would be the current folder
            size = os.fstat(file.fileno()).st_size
            # One byte over the limit tells that a pipe, which has no size, is too long.
            content = file.read(limits.max_bytes + 1) if size <= limits.max_bytes else b""
    except IsADirectoryError as error:
        raise PictureError(f"{path} is a folder; name an image in it") from error
    except (OSError, ValueError) as error:
        if re.match(r"data:|[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE):
            raise PictureError(
                f"{str(path)[:80]} looks like a URL; a str is read as a path: hand in its bytes"
            ) from error
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PictureError(f"{path or 'an empty path'} cannot be read: {reason}") from error
    if max(size, len(content)) > limits.max_bytes:
        raise _too_many_bytes(str(path), max(size, len(content)), limits)
    return content


def _too_many_bytes(name: str, size: int, limits: ImageLimits) -> TooLargeError:
    return TooLargeError(
        f"{name}: expected at most {limits.max_bytes:,} bytes, got {size:,}; shrink it, or raise ImageLimits.max_bytes"
    )


def _check_size(name: str, width: int, height: int, limits: ImageLimits) -> None:
    if width * height > limits.max_pixels:
        wanted, limit = f"{limits.max_pixels:,} pixels", "max_pixels"
    elif max(width, height) > limits.max_side:
        wanted, limit = f"{limits.max_side:,} pixels a side", "max_side"
    else:
        return
    raise TooLargeError(
        f"{name}: expected at most {wanted}, got {width}x{height}; shrink it, or raise ImageLimits.{limit}"
    )


def _from_bytes(content: bytes | bytearray | memoryview, limits: ImageLimits, name: str) -> RGBImage:
    if len(content) > limits.max_bytes:
        raise _too_many_bytes(name, len(content), limits)
    head = bytes(content[:64])
    if not head:
        raise PictureError(f"{name}: expected an image, got nothing: it is empty")
    plugin = next((name for name, form in _SIGNATURES if re.match(form.encode("latin-1"), head, re.DOTALL)), None)
    if plugin is None:
        kind = "HEIC; convert it to JPEG" if _HEIC.match(head) else f"something that starts with {head[:8]!r}"
        raise PictureError(f"{name}: expected {_FORMATS}, got {kind}")
    opened = _plugin(plugin)
    with _decoding(name), opened(io.BytesIO(content)) as image:
        return _from_pillow(image, limits, name)


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    try:
        yield
    except (PictureError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise TooLargeError(f"{name}: {error}") from error
    # On malformed files Pillow's decoders raise whatever their parsing trips over: no list of kinds holds.
    except Exception as error:
        raise PictureError(f"{name}: damaged, cut off or closed: {error}") from error


@cache
def _plugin(name: str) -> type[ImageFile.ImageFile]:
    # A plugin's class and not Image.open: that warns of, or refuses, sizes by a limit global to the process.
    try:
        found: type[ImageFile.ImageFile] = getattr(
            importlib.import_module(f"PIL.{name}ImagePlugin"), f"{name}ImageFile"
        )
    except ImportError as error:
        raise PictureError(f"this Pillow reads no {name}: pip install --upgrade pillow") from error
    if name != "Jpeg":
        return found

    class QuietJpeg(found):  # type: ignore[valid-type,misc]
        # Pillow asks EXIF for the resolution and warns of what is damaged there; the image itself is whole.
        def getexif(self) -> Image.Exif:
            return Image.Exif()

    return QuietJpeg


def _from_pillow(image: Image.Image, limits: ImageLimits, name: str = "the image") -> RGBImage:
    _check_size(name, *image.size, limits)
    with _decoding(name):
        image.load()
        pixels = _pixels(image, limits)
    # Only now: a PNG may carry its EXIF behind the pixels. TIFF carries none here, Pillow turns it while loading.
    return upright(pixels, orientation_of(image.info.get("exif", b"")))


def _pixels(image: Image.Image, limits: ImageLimits) -> RGBImage:
    if image.mode == "F" or image.mode.startswith("I;16"):
        return _from_array(np.asarray(image), limits)
    if image.mode == "I":
        # Older Pillows give a 16-bit PNG so, and all give a 16-bit PPM so; elsewhere "I" has no agreed white.
        values = np.asarray(image)
        if image.format not in ("PNG", "PPM") or values.min() < 0 or values.max() > 65535:
            raise PictureError("32-bit gray levels have no agreed white; convert the image to 8 or 16 bits")
        return _from_array(values.astype(np.uint16), limits)
    if image.has_transparency_data:
        image = _on_white(image.convert("RGBA"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.array(image)


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _from_array(array: npt.NDArray[Any], limits: ImageLimits) -> RGBImage:
    if array.ndim not in (2, 3) or array.size == 0 or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise PictureError(f"an array is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) and not empty, got {array.shape}")
    _check_size("the array", array.shape[1], array.shape[0], limits)
    levels = _eight_bits(array)
    if levels.ndim == 3 and levels.shape[2] == 4:
        return np.array(_on_white(Image.fromarray(np.ascontiguousarray(levels))))
    if levels.ndim == 2 or levels.shape[2] == 1:
        levels = np.repeat(levels.reshape(*levels.shape[:2], 1), 3, axis=2)  # (H, W) -> (H, W, 3)
    return np.ascontiguousarray(levels)


def _eight_bits(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind == "f":
        # Not a number compares as false, so it is refused here too. The slack is for rounding in the caller's maths.
        if not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):
            raise PictureError(f"floats lie in 0..1, got {array.min()}..{array.max()}; divide by the white level")
        return np.asarray(np.clip(np.rint(array * 255), 0, 255), np.uint8)
    raise PictureError(f"an array is uint8, uint16, bool or float in 0..1, got {array.dtype}; convert it")


def _encode(image: npt.NDArray[np.uint8], kind: str, **options: int) -> bytes:
    if image.dtype != np.uint8 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or not image.size:
        raise PictureError(f"expected (H, W, 3) or (H, W) uint8, got {image.shape} {image.dtype}")
    file = io.BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(image)).save(file, kind, **options)
    except (OSError, ValueError) as error:
        raise PictureError(f"{image.shape[1]}x{image.shape[0]} cannot be written as {kind}: {error}") from error
    return file.getvalue()
