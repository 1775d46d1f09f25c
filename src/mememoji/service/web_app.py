"""The files of the built web app, held in memory with their response headers."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from starlette.requests import Request
from starlette.responses import Response

STATIC_FOLDER: Final = Path(__file__).with_name("static")
"""The folder that the package build writes the app to."""

NOT_BUILT_MESSAGE: Final = (
    "The API is running and documented at /docs, but the web app is not built: "
    "with Node.js 20.19 or newer, run `python web/build.py` in a source checkout.\n"
)

# Everything is loaded from this origin and nothing is inline, so injected text is not executed.
_CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_COMMON_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}
PAGE_HEADERS: Final = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Cached but revalidated: the page names the other files, which never change.
    "Cache-Control": "no-cache",
}
"""The headers of a page: what it may load, and which devices it may ask for."""

_ASSET_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
# Not the system's table, which may map scripts to other media types or to none.
_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
_COMPRESSIBLE_TYPES: Final = ("text/", "image/svg")


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file of the app.

    Attributes:
        content: The bytes of the file.
        gzipped: The bytes compressed by gzip, None if that is not smaller.
        headers: The response headers.
    """

    content: bytes
    gzipped: bytes | None
    headers: dict[str, str]

    @classmethod
    def from_path(cls, path: Path, headers: dict[str, str]) -> Self:
        """Read a file and compress it."""
        content = path.read_bytes()
        media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
        gzipped = gzip.compress(content, mtime=0) if media_type.startswith(_COMPRESSIBLE_TYPES) else None
        return cls(
            content=content,
            gzipped=gzipped if gzipped is not None and len(gzipped) < len(content) else None,
            headers={
                **_COMMON_HEADERS,
                **headers,
                "Content-Type": f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type,
                "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
            },
        )


@dataclass(frozen=True, slots=True)
class WebApp:
    """The app: its page, and the assets that the page refers to by name."""

    page: WebFile
    assets: dict[str, WebFile]

    @classmethod
    def from_folder(cls, folder: Path = STATIC_FOLDER) -> Self | None:
        """Read the app that is built in a folder; return None if there is none."""
        page = folder / "index.html"
        if not page.is_file():
            return None
        assets = [path for path in (folder / "assets").iterdir() if path.is_file()]
        return cls(
            WebFile.from_path(page, PAGE_HEADERS),
            {path.name: WebFile.from_path(path, _ASSET_HEADERS) for path in assets},
        )


def make_file_response(request: Request, file: WebFile) -> Response:
    """Return the response to a GET or HEAD request for a file: compressed, or 304 if the client has it."""
    if file.headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=file.headers)
    if file.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, headers={**file.headers, "Content-Encoding": "gzip"})
    return Response(file.content, headers=file.headers)
