"""Image formats, recognized by their first bytes: those that are read, and those that are only named."""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format of image files.

    Attributes:
        name: The name in messages.
        suffixes: The suffixes of its files, in lower case.
        signature: A regular expression for the first bytes of its files, as Latin-1 text; "" if they have none.
        plugin: The name of the Pillow plugin that reads it; "" if it is not read.
        advice: What to do with a file that is not read.
    """

    name: str
    suffixes: frozenset[str]
    signature: str
    plugin: str = ""
    advice: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether `read_image` reads the format in this installation."""
        return bool(self.plugin)


HAS_HEIF: Final = importlib.util.find_spec("pillow_heif") is not None
"""Whether the package of the extra `heif` is installed."""

_INSTALL_HEIF: Final = 'pip install "mememoji[heif]", or convert to JPEG'
_EXPORT: Final = "export as JPEG or PNG"
_CONVERT: Final = "convert to JPEG or PNG"

# Readable are only raster formats, and none whose decoder starts a program or follows a link, as PostScript does.
# The first match counts. A brand of HEIF's family follows "ftyp", or stands among the compatible brands after it.
IMAGE_FORMATS: Final = (
    # Also MPO of cameras, whose first image is a complete JPEG.
    ImageFormat("JPEG", frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}), r"\xff\xd8\xff", "Jpeg"),
    ImageFormat("PNG", frozenset({".png", ".apng"}), r"\x89PNG\r\n\x1a\n", "Png"),
    ImageFormat("WebP", frozenset({".webp"}), r"RIFF....WEBP", "WebP"),
    ImageFormat("GIF", frozenset({".gif"}), r"GIF8[79]a", "Gif"),
    ImageFormat("BMP", frozenset({".bmp", ".dib"}), r"BM", "Bmp"),
    # Before TIFF, whose first bytes a CR2 file has too.
    ImageFormat(
        "camera raw",
        frozenset(
            {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mrw", ".nef", ".nrw", ".orf"}
            | {".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
        ),
        r"II\*\0....CR|IIU\0|IIR[OS]|MMOR|FUJIFILMCCD-RAW|....ftypcrx |FOVb|II\x1a\0\0\0HEAPCCDR|\0MRM",
        advice=_EXPORT,
    ),
    ImageFormat("TIFF", frozenset({".tif", ".tiff"}), r"II[*+]\0|MM\0[*+]", "Tiff"),
    ImageFormat("AVIF", frozenset({".avif", ".avifs"}), r"....ftyp(?:avi[fs]|mif1....(?:....)*?avif)", "Avif"),
    ImageFormat("PPM", frozenset({".pbm", ".pgm", ".ppm", ".pnm"}), r"P[1-6][\s#]", "Ppm"),
    ImageFormat(
        "HEIC",
        frozenset({".heic", ".heif", ".heics", ".heifs", ".hif"}),
        r"....ftyp(?:he[iv][a-z]|mif[12]|msf1)",
        "Heif" if HAS_HEIF else "",
        _INSTALL_HEIF,
    ),
    ImageFormat("JPEG XL", frozenset({".jxl"}), r"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", advice=_CONVERT),
    ImageFormat(
        "JPEG 2000",
        frozenset({".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc", ".jpm"}),
        r"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
        advice=_CONVERT,
    ),
    ImageFormat("JPEG XR", frozenset({".jxr", ".wdp", ".hdp"}), r"II\xbc\x01", advice=_CONVERT),
    ImageFormat("OpenEXR", frozenset({".exr"}), r"v/1\x01", advice="save with 8 bits, as JPEG or PNG"),
    ImageFormat(
        "Radiance HDR", frozenset({".hdr", ".rgbe", ".pic"}), r"#\?R", advice="save with 8 bits, as JPEG or PNG"
    ),
    ImageFormat("Photoshop", frozenset({".psd", ".psb"}), r"8BPS", advice=_EXPORT),
    ImageFormat("GIMP", frozenset({".xcf"}), r"gimp xcf", advice=_EXPORT),
    ImageFormat(
        "SVG",
        frozenset({".svg", ".svgz"}),
        r"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg",
        advice=_EXPORT,
    ),
    ImageFormat("PDF", frozenset({".pdf"}), r"%PDF", advice="export the pages as JPEG or PNG"),
    ImageFormat("PostScript", frozenset({".eps", ".ps", ".ai"}), r"%!PS|\xc5\xd0\xd3\xc6", advice=_EXPORT),
    ImageFormat("icon", frozenset({".ico", ".cur", ".icns"}), r"\0\0[\1\2]\0[^\0]\0|icns", advice=_CONVERT),
    ImageFormat("Targa", frozenset({".tga"}), "", advice=_CONVERT),
    ImageFormat("DDS", frozenset({".dds"}), r"DDS \|", advice=_CONVERT),
    ImageFormat("FITS", frozenset({".fits", ".fit"}), r"SIMPLE  =", advice=_CONVERT),
    ImageFormat("DICOM", frozenset({".dcm", ".dicom"}), r".{128}DICM", advice=_EXPORT),
    ImageFormat("DjVu", frozenset({".djvu", ".djv"}), r"AT&TFORM", advice=_EXPORT),
    ImageFormat("PCX", frozenset({".pcx"}), r"\n[\x00-\x05]\x01[\x01\x02\x04\x08]", advice=_CONVERT),
    ImageFormat("QOI", frozenset({".qoi"}), r"qoif", advice=_CONVERT),
    ImageFormat("SGI", frozenset({".sgi"}), r"\x01\xda[\x00\x01][\x01\x02]", advice=_CONVERT),
    ImageFormat(
        "Windows metafile", frozenset({".emf", ".wmf"}), r"\x01\0\0\0.{36} EMF|\xd7\xcd\xc6\x9a", advice=_EXPORT
    ),
    # No images, but what is often saved or uploaded under the name of one.
    ImageFormat("video", frozenset(), r"....ftyp|....moov|\x1aE\xdf\xa3|RIFF....AVI ", advice="use `mememoji video`"),
    ImageFormat("ZIP archive", frozenset(), r"PK\x03\x04", advice="unpack it"),
    ImageFormat("Git LFS pointer", frozenset(), r"version https://git-lfs", advice="run `git lfs pull`"),
    ImageFormat(
        "HTML page",
        frozenset(),
        r"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)\b",
        advice="perhaps the error page of a download; get the image itself",
    ),
)

READABLE_NAMES: Final = tuple(form.name for form in IMAGE_FORMATS if form.is_readable)

SUFFIXES: Final = frozenset(suffix for form in IMAGE_FORMATS if form.is_readable for suffix in form.suffixes)
"""The suffixes, in lower case, of the formats that `read_image` reads; it checks the content itself, not the suffix."""

_SIGNATURES: Final = tuple(
    (form, re.compile(form.signature.encode("latin-1"), re.DOTALL | (re.IGNORECASE if "html" in form.signature else 0)))
    for form in IMAGE_FORMATS
    if form.signature
)
_BY_SUFFIX: Final = {suffix: form for form in IMAGE_FORMATS for suffix in form.suffixes}


def identify_format(head: bytes) -> ImageFormat | None:
    """Return the format of a file by its first 512 bytes, or fewer if it is shorter; None if it is unknown.

    Example:
        >>> from mememoji.image_formats import identify_format
        >>> identify_format(b"8BPS").name
        'Photoshop'
    """
    return next((form for form, signature in _SIGNATURES if signature.match(head)), None)


def find_unreadable_format(suffix: str) -> ImageFormat | None:
    """Return the format of files with a suffix, such as ".heic", if it is an image format that is not read."""
    form = _BY_SUFFIX.get(suffix.lower())
    return None if form is None or form.is_readable else form


def describe_skipped(suffixes: Iterable[str]) -> list[str]:
    """Describe files that are skipped because their format is not read, one line for each format.

    Args:
        suffixes: The suffix of each file.

    Example:
        >>> from mememoji.image_formats import describe_skipped
        >>> describe_skipped([".psd", ".NEF", ".cr2", ".nef"])
        ['3 camera raw files skipped (1 .cr2, 2 .nef); export as JPEG or PNG', '1 Photoshop file skipped; \
export as JPEG or PNG']
    """
    counts: dict[str, dict[str, int]] = {}
    for suffix in sorted(suffix.lower() for suffix in suffixes):
        form = find_unreadable_format(suffix)
        if form is not None:
            of_format = counts.setdefault(form.name, {})
            of_format[suffix] = of_format.get(suffix, 0) + 1
    lines = []
    for form in IMAGE_FORMATS:
        of_format = counts.get(form.name, {})
        total = sum(of_format.values())
        if not total:
            continue
        detail = f" ({', '.join(f'{n} {suffix}' for suffix, n in of_format.items())})" if len(of_format) > 1 else ""
        files = "file" if total == 1 else "files"
        lines.append(f"{total:,} {form.name} {files} skipped{detail}; {form.advice}")
    return lines
