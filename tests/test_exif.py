"""EXIF's orientation, alone and through files."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mememoji.exif import orientation_of, upright
from mememoji.image_io import read_image


def picture() -> npt.NDArray[np.uint8]:
    """64x96 with a color of its own in three corners, so that no turn looks like another."""
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
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06", 1),  # a long, where a short belongs
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 6),
        (b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 6),
        (b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0", 8),
    ],
)
def test_the_orientation_is_read_or_taken_as_upright(exif: bytes, orientation: int) -> None:
    assert orientation_of(exif) == orientation


@given(st.binary(max_size=64), st.sampled_from([b"", b"Exif\0\0MM\0*\0\0\0\x08", b"Exif\0\0II*\0\x08\0\0\0"]))
def test_any_bytes_give_an_orientation(content: bytes, start: bytes) -> None:
    assert 1 <= orientation_of(start + content) <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_pillow_turns_them(orientation: int) -> None:
    stored = picture()
    image = Image.fromarray(stored)
    image.getexif().update({0x0112: orientation})
    turned = upright(stored, orientation)
    np.testing.assert_array_equal(turned, np.asarray(ImageOps.exif_transpose(image)))
    assert turned.flags.c_contiguous


TURNED: dict[int, Any] = {
    # how an image stored with this orientation comes about from the upright one: the inverse of the standard
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, 1),
    7: lambda image: np.rot90(image, 2).transpose(1, 0, 2),
    8: lambda image: np.rot90(image, -1),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_file_reads_upright(kind: str, orientation: int) -> None:
    jpeg = {"quality": 95, "subsampling": 0}
    options: dict[str, Any] = jpeg if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    file = io.BytesIO()
    stored = Image.fromarray(np.ascontiguousarray(TURNED[orientation](picture())))
    stored.save(file, kind, exif=exif_of(orientation), **options)
    with Image.open(file) as opened:
        for image in (read_image(file.getvalue()), read_image(opened)):
            assert image.shape == picture().shape
            assert np.abs(image.astype(int) - picture().astype(int)).max() <= 12
