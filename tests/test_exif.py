"""EXIF orientation, of bytes and of files."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mememoji.exif import apply_orientation, read_orientation
from mememoji.image_io import read_image


def make_image() -> npt.NDArray[np.uint8]:
    """64x96 with a different color in three corners, so that all rotations and flips differ."""
    image = np.full((64, 96, 3), 128, np.uint8)
    image[:16, :16] = (255, 0, 0)
    image[:16, -16:] = (0, 255, 0)
    image[-16:, :16] = (0, 0, 255)
    return image


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize(
    ("exif", "orientation"),
    [
        (b"", 1),
        (b"Exif\0\0", 1),
        (b"Exif\0\0MM\0*\0\0", 1),
        (b"Exif\0\0MM\0*\xff\xff\xff\xff", 1),
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03", 1),
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0", 1),
        (b"Exif\0\0II*\0\x08\0\0\0\x02\0\x1a\x01\x05\0\x01\0\0\0\xff\xff\0\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0", 1),
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06", 1),  # a long instead of a short
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 6),
        (b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 6),
        (b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0", 8),
    ],
)
def test_read_orientation_returns_1_if_there_is_none(exif: bytes, orientation: int) -> None:
    assert read_orientation(exif) == orientation


@given(st.binary(max_size=64), st.sampled_from([b"", b"Exif\0\0MM\0*\0\0\0\x08", b"Exif\0\0II*\0\x08\0\0\0"]))
def test_read_orientation_accepts_any_bytes(content: bytes, start: bytes) -> None:
    assert 1 <= read_orientation(start + content) <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_apply_orientation_equals_pillow(orientation: int) -> None:
    stored = make_image()
    image = Image.fromarray(stored)
    image.getexif().update({0x0112: orientation})
    oriented = apply_orientation(stored, orientation)
    np.testing.assert_array_equal(oriented, np.asarray(ImageOps.exif_transpose(image)))
    assert oriented.flags.c_contiguous


TO_STORED: dict[int, Any] = {
    # from the upright image to the stored one: the inverse of the standard
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, 1),
    7: lambda image: np.rot90(image, 2).transpose(1, 0, 2),
    8: lambda image: np.rot90(image, -1),
}


@pytest.mark.parametrize("orientation", TO_STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_read_image_applies_the_orientation(kind: str, orientation: int) -> None:
    jpeg = {"quality": 95, "subsampling": 0}
    options: dict[str, Any] = jpeg if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    file = io.BytesIO()
    stored = Image.fromarray(np.ascontiguousarray(TO_STORED[orientation](make_image())))
    stored.save(file, kind, exif=exif_of(orientation), **options)
    with Image.open(file) as opened:
        for image in (read_image(file.getvalue()), read_image(opened)):
            assert image.shape == make_image().shape
            assert np.abs(image.astype(int) - make_image().astype(int)).max() <= 12
