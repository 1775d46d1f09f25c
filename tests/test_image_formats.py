"""Image formats by their first bytes and by suffix."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from mememoji.errors import ImageError
from mememoji.image_formats import HAS_HEIF, SUFFIXES, describe_skipped, find_unreadable_format, identify_format
from mememoji.image_io import read_image


def make_tiff(*entries: tuple[int, int, int]) -> bytes:
    """A little-endian TIFF whose first page has these tags: (tag, value, number of values), with values of 16 bits."""
    packed = b"".join(struct.pack("<HHIHH", tag, 3, count, value, value) for tag, value, count in sorted(entries))
    return struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + packed + bytes(8)


def test_suffixes_are_in_lower_case() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif", ".ppm"} <= SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)
    assert (".heic" in SUFFIXES) == HAS_HEIF


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "camera raw"),
        (b"II*\0\x10\0\0\0CR\2\0", "camera raw"),
        (b"IIU\0\x18\0\0\0", "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", "camera raw"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"v/1\x01\2\0\0\0", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance HDR"),
        (b"8BPS\0\1", "Photoshop"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">', "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"\0\0\1\0\7\0\x10\x10", "icon"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video"),
        (b"\n<!DOCTYPE html><html><body>404", "HTML page"),
        (bytes(128) + b"DICM\2\0\0\0", "DICOM"),
        (b"AT&TFORM\0\0\0\0DJVU", "DjVu"),
        (b"\n\5\1\x08\0\0\0\0", "PCX"),
        (b"qoif\0\0\0\1", "QOI"),
        (b"\x01\xda\0\1\0\3", "SGI"),
        (b"\x01\0\0\0\x6c" + bytes(35) + b" EMF", "Windows metafile"),
        (b"PK\x03\x04\x14\0", "ZIP archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"just some text", None),
        (b"", None),
    ],
)
def test_identify_format_names_images_and_what_is_taken_for_them(head: bytes, name: str | None) -> None:
    form = identify_format(head)
    assert (None if form is None else form.name) == name
    if form is not None and not form.is_readable:
        with pytest.raises(ImageError, match=f"expected JPEG, PNG.* got {form.name}; {form.advice[:6]}"):
            read_image(head)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (cv2.imencode(".tiff", np.zeros((4, 4, 3), np.float32))[1].tobytes(), "got 3 x 32-bit floats; convert it"),
        (cv2.imencode(".tiff", np.zeros((4, 4), np.float64))[1].tobytes(), "got 1 x 64-bit floats; convert it"),
        # As in NEF and ARW: the first page is a preview. In DNG there is a tag of its own.
        (make_tiff((254, 1, 1), (256, 160, 1), (257, 120, 1), (330, 8, 1)), "got camera raw; export as JPEG"),
        (make_tiff((256, 160, 1), (257, 120, 1), (50706, 1, 1)), "got camera raw; export as JPEG"),
        (make_tiff((256, 160, 1), (257, 120, 1), (262, 32803, 1)), "got camera raw; export as JPEG"),
        # The type of a tag's value is text, which it must not be.
        (make_tiff((254, 1, 1), (256, 160, 1)).replace(b"\xfe\0\3\0", b"\xfe\0\2\0"), "damaged, truncated"),
    ],
)
def test_read_image_says_what_an_unreadable_tiff_is(content: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        read_image(content)


def test_read_image_reads_the_usual_kinds_of_tiff() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    image = Image.fromarray(rgb)
    contents = {"rgb 16 bits": cv2.imencode(".tiff", rgb[..., ::-1].astype(np.uint16) * 257)[1].tobytes()}
    for name, pages in {"cmyk": [image.convert("CMYK")], "pages": [image, Image.new("L", (9, 9))]}.items():
        file = io.BytesIO()
        pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
        contents[name] = file.getvalue()
    for name, content in contents.items():
        assert np.abs(read_image(content).astype(int) - rgb).max() <= 1, name
    palette = image.convert("P", palette=Image.Palette.ADAPTIVE)
    file = io.BytesIO()
    palette.save(file, "TIFF")
    np.testing.assert_array_equal(read_image(file.getvalue()), np.asarray(palette.convert("RGB")))


def test_describe_skipped_counts_by_format() -> None:
    lines = describe_skipped([".psd", ".nef", ".CR2", ".nef", ".txt", ".jpg"])
    assert lines == [
        "3 camera raw files skipped (1 .cr2, 2 .nef); export as JPEG or PNG",
        "1 Photoshop file skipped; export as JPEG or PNG",
    ]
    assert find_unreadable_format(".jpg") is None


@pytest.mark.skipif(not HAS_HEIF, reason="the extra heif is not installed")
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_read_image_reads_heic_upright(orientation: int) -> None:
    import pillow_heif

    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:32, :48] = (255, 160, 40)
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(upright, {1: 0, 3: 2, 6: 1}[orientation])))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    pillow_heif.from_pillow(stored).save(file, quality=95, exif=exif.tobytes())
    read = read_image(file.getvalue())
    assert read.shape == upright.shape
    assert np.abs(read.astype(int) - upright).mean() < 4
    with pytest.raises(ImageError, match="damaged, truncated"):
        read_image(file.getvalue()[:-9])
