"""Files that lack only their end mark are read with a warning; files that lack more are damaged."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from mememoji.errors import ImageError
from mememoji.image_io import END_MISSING, decode_image, encode_png

OPTIONS: dict[str, dict[str, Any]] = {
    "baseline": {"quality": 90},
    "coarse": {"quality": 30, "subsampling": 2},
    "progressive": {"quality": 90, "progressive": True},
    "restarts": {"quality": 90, "restart_marker_rows": 1},
    "progressive restarts": {"quality": 75, "progressive": True, "restart_marker_rows": 1},
    "gray": {"quality": 90, "optimize": True},
    # The decoder has read all its pixels before it misses the mark.
    "fine gray": {"quality": 95, "subsampling": 1},
}


@pytest.fixture(scope="module")
def portrait(astronaut_path: Path) -> Image.Image:
    return Image.open(astronaut_path).convert("RGB").crop((180, 60, 276, 150))


def jpeg_of(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    (image.convert("L") if kind.endswith("gray") else image).save(file, "JPEG", **OPTIONS[kind])
    return file.getvalue()


def pixels_of(content: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize("kind", OPTIONS)
def test_jpeg_without_its_end_mark_is_read_with_a_warning(portrait: Image.Image, kind: str) -> None:
    content = jpeg_of(portrait, kind)
    assert decode_image(content).warnings == decode_image(content + b"garbage").warnings == ()
    for cut in (content[:-1], content[:-2]):
        image, warnings = decode_image(cut)
        np.testing.assert_array_equal(image, pixels_of(content))
        assert warnings == (END_MISSING,)


@pytest.mark.parametrize("kind", OPTIONS)
def test_jpeg_without_more_than_its_end_mark_is_damaged(portrait: Image.Image, kind: str) -> None:
    content = jpeg_of(portrait, kind)
    scan, tables = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xc4")
    restarts = [content.rfind(bytes((0xFF, marker))) for marker in range(0xD0, 0xD8)]
    ends = {len(content) - missing for missing in (4, 5, 8, 20)} | {len(content) // 2, len(content) // 3}
    # Where nothing seems to be cut: between two scans, and before or after a restart marker.
    ends |= {tables, scan, scan + 2, scan + 5} | {end + after for end in restarts if end > 0 for after in (0, 2)}
    for end in ends:
        with pytest.raises(ImageError, match="damaged, truncated"):
            decode_image(content[:end])


@pytest.mark.parametrize("missing", [1, 4, 11, 12])
def test_png_without_its_last_chunk_is_read_with_a_warning(portrait: Image.Image, missing: int) -> None:
    content = encode_png(np.asarray(portrait))
    image, warnings = decode_image(content[:-missing])
    np.testing.assert_array_equal(image, np.asarray(portrait))
    assert warnings == (END_MISSING,)
    assert decode_image(content).warnings == decode_image(content + b"garbage").warnings == ()


def test_png_without_pixels_is_damaged(portrait: Image.Image) -> None:
    with pytest.raises(ImageError, match="its header ends too early"):
        decode_image(encode_png(np.asarray(portrait))[:8])
    content = encode_png(np.asarray(portrait))
    for end in (len(content) - 60, len(content) // 2):
        with pytest.raises(ImageError, match="damaged, truncated"):
            decode_image(content[:end])
