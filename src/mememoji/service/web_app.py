"""The built web app, held in memory with the headers that its files travel with."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

BUILT: Final = Path(__file__).with_name("static")
"""Where the package build puts the app."""

NOT_BUILT: Final = (
    "Mememoji answers, and its interface is described at /docs, but the web app is not built: "
    "with Node.js 20.19 or newer, run `python web/build.py` in a source checkout.\n"
)

# Everything comes from here, nothing is written into the page: what a stranger might smuggle in stays text.
_POLICY: Final = "; ".join(
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
_ALWAYS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Vary": "Accept-Encoding"}
_PAGE: Final = {
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Kept, and asked about each time: the page names its other files, which are never changed.
    "Cache-Control": "no-cache",
}
_ASSET: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
# Not the system's own table, which knows scripts under other names, or not at all.
_KINDS: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
_SHRINKING: Final = ("text/", "image/svg")


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file of the app.

    Attributes:
        content, packed: as it is, and by gzip where that makes it smaller.
        headers: that it is sent with.
    """

    content: bytes
    packed: bytes | None
    headers: dict[str, str]

    @classmethod
    def read(cls, path: Path, headers: dict[str, str]) -> Self:
        """The file at that path."""
        content = path.read_bytes()
        kind = _KINDS.get(path.suffix, "application/octet-stream")
        packed = gzip.compress(content, mtime=0) if kind.startswith(_SHRINKING) else None
        return cls(
            content=content,
            packed=packed if packed is not None and len(packed) < len(content) else None,
            headers={
                **_ALWAYS,
                **headers,
                "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
                "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
            },
        )


@dataclass(frozen=True, slots=True)
class WebApp:
    """The app: its page, and what the page asks for by name."""

    page: WebFile
    assets: dict[str, WebFile]

    @classmethod
    def read(cls, folder: Path = BUILT) -> Self | None:
        """The app built in that folder, None where there is none."""
        page = folder / "index.html"
        if not page.is_file():
            return None
        assets = [path for path in (folder / "assets").iterdir() if path.is_file()]
        return cls(WebFile.read(page, _PAGE), {path.name: WebFile.read(path, _ASSET) for path in assets})
