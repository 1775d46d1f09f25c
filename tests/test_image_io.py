"""Reading and writing images."""

import base64
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from mememoji.errors import ImageError, TooLargeError
from mememoji.image_io import ImageLike, ImageLimits, encode_jpeg, encode_png, read_image, to_data_url


def make_image() -> npt.NDArray[np.uint8]:
    """64x96 with a different color in each corner, so that all rotations and flips differ."""
    image = np.full((64, 96, 3), 128, np.uint8)
    image[:16, :16] = (255, 0, 0)
    image[:16, -16:] = (0, 255, 0)
    image[-16:, :16] = (0, 0, 255)
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG whose header declares a size but that has almost no pixels, like a decompression bomb."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def assert_close(got: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint8], within: int = 0) -> None:
    assert got.shape == expected.shape
    assert got.dtype == np.uint8
    assert got.flags.c_contiguous
    assert np.abs(got.astype(int) - expected.astype(int)).max() <= within


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"", "got 0 bytes"),
        ("", "empty path"),
        (np.zeros((0, 0, 3), np.uint8), "not empty"),
        (b"just some text, and a bit more", "expected JPEG, PNG"),
        (b"\xff\xd8\xff", "damaged"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "expected JPEG, PNG"),
        ("https://example.org/face.jpg", "looks like a URL"),
        ("data:image/png;base64,AAAA", "looks like a URL"),
        ("no/such/file.jpg", "No such file"),
        ("a\0b.jpg", "cannot be read"),
        (np.zeros((4, 4, 2), np.uint8), r"got \(4, 4, 2\)"),
        (np.zeros((3, 8, 9), np.uint8), r"got \(3, 8, 9\)"),
        (np.zeros(7, np.uint8), r"got \(7,\)"),
        (np.zeros((4, 4), np.int64), "got int64"),
        (np.full((4, 4), 200.0), "floats must be in 0..1"),
        (np.full((4, 4), np.nan), "floats must be in 0..1"),
        (Image.new("I", (4, 4), 70_000), "white level of 32-bit gray"),
    ],
)
def test_read_image_of_invalid_input_raises(image: ImageLike, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        read_image(image)


@pytest.mark.parametrize("image", [None, 3, ["a.jpg"], io.BytesIO(b"")])
def test_read_image_of_another_type_raises(image: Any) -> None:
    with pytest.raises(ImageError, match=f"got {type(image).__name__}"):
        read_image(image)


def test_read_image_of_a_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)


def test_read_image_is_equal_for_every_input_type(tmp_path: Path) -> None:
    upright = make_image()
    path = tmp_path / "image without a suffix"
    path.write_bytes(encode_png(upright))
    for image in (path, str(path), path.read_bytes(), upright, Image.fromarray(upright)):
        assert_close(read_image(image), upright)


def test_read_image_returns_an_rgb_array_without_a_copy() -> None:
    upright = make_image()
    assert read_image(upright) is upright


@pytest.mark.parametrize(
    ("kind", "within"),
    [("JPEG", 6), ("MPO", 6), ("PNG", 0), ("BMP", 0), ("TIFF", 0), ("PPM", 0), ("WEBP", 8), ("AVIF", 12)],
)
def test_read_image_reads_every_format(kind: str, within: int) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if kind in ("JPEG", "MPO") else {}
    smooth = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], 48, 1).repeat(3, 2)  # (64, 48, 3)
    assert_close(read_image(saved(Image.fromarray(smooth), kind, **options)), smooth, within)


def test_damaged_exif_is_ignored() -> None:
    upright = make_image()
    for exif in (b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03"):
        content = saved(Image.fromarray(upright), "JPEG", exif=exif, quality=95, subsampling=0)
        assert_close(read_image(content), upright, 12)


def test_transparent_pixels_are_blended_with_white() -> None:
    red = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    red.putpixel((1, 0), (255, 0, 0, 0))
    red.putpixel((2, 0), (255, 0, 0, 51))
    expected = np.array([[[255, 0, 0], [255, 255, 255], [255, 204, 204]]], np.uint8)
    for image in (red, np.asarray(red), saved(red, "PNG"), saved(red, "WEBP", lossless=True, exact=True)):
        assert_close(read_image(image), expected)
    gray = Image.new("LA", (1, 1), (0, 51))
    assert_close(read_image(saved(gray, "PNG")), np.full((1, 1, 3), 204, np.uint8))


def test_palettes_are_resolved_with_and_without_transparency() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    opaque = np.array([[[10, 20, 30], [200, 100, 50]]], np.uint8)
    assert_close(read_image(saved(image, "PNG")), opaque)
    half = np.array([[[10, 20, 30], [255, 255, 255]]], np.uint8)
    assert_close(read_image(saved(image, "PNG", transparency=b"\xff\x00")), half)
    assert_close(read_image(saved(image, "GIF", transparency=1)), half)


def test_gray_bilevel_and_cmyk_are_converted() -> None:
    assert_close(read_image(saved(Image.new("L", (2, 3), 77), "PNG")), np.full((3, 2, 3), 77, np.uint8))
    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)
    assert_close(read_image(saved(bits, "PNG")), np.array([[[0] * 3, [255] * 3]], np.uint8))
    print_red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for image in (print_red, saved(print_red, "JPEG", quality=95), saved(print_red, "TIFF")):
        assert_close(read_image(image), np.full((8, 8, 3), (255, 0, 0), np.uint8), 4)


def test_16_bits_are_scaled_to_8() -> None:
    levels = np.array([[0, 128, 129, 257, 32_768, 65_278, 65_535]], np.uint16)
    expected = np.repeat(np.array([[0, 0, 1, 1, 128, 254, 255]], np.uint8)[..., None], 3, axis=2)  # (1, 7, 3)
    big_endian = levels.astype(">u2")
    pgm = b"P5 7 1 65535\n" + big_endian.tobytes()
    for image in (levels, big_endian, Image.fromarray(levels), saved(Image.fromarray(levels), "PNG"), pgm):
        assert_close(read_image(image), expected)
    assert_close(read_image(saved(Image.fromarray(levels), "TIFF")), expected)


def test_float_and_bool_arrays_are_scaled_to_8_bits() -> None:
    expected = np.repeat(np.array([[0, 128, 255]], np.uint8)[..., None], 3, axis=2)  # (1, 3, 3)
    assert_close(read_image(np.array([[0, 0.5, 1.0 + 1e-7]])), expected)
    assert_close(read_image(np.array([[[0], [0.5], [1]]], np.float32)), expected)
    assert_close(read_image(np.array([[False, True]])), expected[:, ::2])


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue", "green")]
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert_close(read_image(content), np.full((8, 8, 3), (255, 0, 0), np.uint8))


def test_pillow_image_is_not_changed() -> None:
    image = Image.new("RGBA", (4, 4), (1, 2, 3, 4))
    read_image(image)
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0)) == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("image", "limits", "message"),
    [
        (b"\xff" * 11, ImageLimits(max_bytes=10), "at most 10 bytes, got 11"),
        (png_header(7000, 7200), ImageLimits(), "50,000,000 pixels, got 7000x7200"),
        (png_header(60_000, 60_000), ImageLimits(), "got 60000x60000"),
        (png_header(40_000, 1), ImageLimits(), "32,767 pixels per side, got 40000x1"),
        (np.zeros((5, 5), np.uint8), ImageLimits(max_pixels=24), "got 5x5"),
        (Image.new("L", (6, 5)), ImageLimits(max_side=5), "got 6x5"),
    ],
)
def test_image_over_a_limit_raises(image: ImageLike, limits: ImageLimits, message: str) -> None:
    with pytest.raises(TooLargeError, match=message):
        read_image(image, limits)


@pytest.mark.parametrize(("kind", "offset"), [("GIF", 6), ("BMP", 18)])
def test_gif_and_bmp_over_a_limit_raise_by_their_header(kind: str, offset: int) -> None:
    content = bytearray(saved(Image.new("RGB", (8, 8)), kind))
    size = struct.pack("<HH", 30_000, 30_000) if kind == "GIF" else struct.pack("<ii", 30_000, 30_000)
    content[offset : offset + len(size)] = size
    with pytest.raises(TooLargeError, match="got 30000x30000"):
        read_image(bytes(content))


def test_file_over_the_limit_raises(tmp_path: Path) -> None:
    path = tmp_path / "long.jpg"
    path.write_bytes(bytes(2000))
    with pytest.raises(TooLargeError, match=r"long.jpg.* 1,000 bytes, got 2,000"):
        read_image(path, ImageLimits(max_bytes=1000))


def test_limits_may_exceed_those_of_pillow() -> None:
    # Pillow warns from 89 million pixels on, and raises from 178 million on with this message.
    for side in (10_000, 20_000):
        with pytest.raises(ImageError, match="truncated") as refusal:
            read_image(png_header(side, side), ImageLimits(max_pixels=500_000_000))
        assert "decompression bomb" not in str(refusal.value)


def test_limit_of_zero_raises() -> None:
    with pytest.raises(ValueError, match="positive"):
        ImageLimits(max_pixels=0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.6, 0.9])
def test_truncated_file_raises(kind: str, fraction: float) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    content = saved(Image.fromarray(noise), kind)
    with pytest.raises(ImageError):
        read_image(content[: int(len(content) * fraction)])


@settings(max_examples=50, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "GIF"]),
    changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_bytes_give_an_image_or_raise_image_error(kind: str, changes: list[tuple[int, int]]) -> None:
    content = bytearray(saved(Image.fromarray(make_image()), kind))
    for position, value in changes:
        content[position % len(content)] = value
    try:
        image = read_image(bytes(content), ImageLimits(max_pixels=1_000_000))
    except ImageError:
        return
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.dtype == np.uint8


def test_encoded_images_are_read_back() -> None:
    image = np.repeat(np.repeat(np.linspace(0, 255, 32).astype(np.uint8)[:, None, None], 20, 1), 3, 2)  # (32, 20, 3)
    assert_close(read_image(encode_png(image)), image)
    assert_close(read_image(encode_jpeg(image, quality=95)), image, 4)
    assert_close(read_image(encode_jpeg(image[..., 0])), image, 8)
    assert len(encode_jpeg(make_image(), quality=20)) < len(encode_jpeg(make_image(), quality=95))


@pytest.mark.parametrize(
    "image", [np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)]
)
def test_encoding_an_array_of_another_shape_or_dtype_raises(image: npt.NDArray[Any]) -> None:
    for encode in (encode_jpeg, encode_png):
        with pytest.raises(ImageError, match=r"must be \(H, W, 3\)"):
            encode(image)


def test_encode_jpeg_checks_quality_and_size() -> None:
    with pytest.raises(ValueError, match=r"quality must be in 1\.\.95"):
        encode_jpeg(make_image(), quality=0)
    with pytest.raises(ImageError, match="cannot be written as JPEG"):
        encode_jpeg(np.zeros((1, 70_000, 3), np.uint8))


def test_to_data_url_contains_the_bytes() -> None:
    head, _, body = to_data_url(b"\0\xff", "image/png").partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == b"\0\xff"


def test_importing_image_io_is_light() -> None:
    code = "import sys, mememoji.image_io; print({'cv2', 'onnxruntime', 'torch'} & set(sys.modules) or 'light')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "light"
