"""Build the web app into the package, unless it is already built from the current sources.

python web/build.py
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
BUILD_FOLDER = WEB.parent / "src" / "mememoji" / "service" / "static"
MIN_NODE_VERSION = (20, 19)

_HASH_FILE = BUILD_FOLDER / "sources.sha256"
_MEME_FILE = WEB.parent / "src" / "mememoji" / "drawing" / "memes" / "meme.json"
_SOURCES = (
    "src",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
)


def build() -> str | None:
    """Build the app unless it is up to date; return None, or the reason why it could not be built."""
    if is_built():
        return None
    npm = shutil.which("npm")
    version = node_version()
    if npm is None or version is None:
        return "Node.js and npm are not installed; install version {}.{} or newer".format(*MIN_NODE_VERSION)
    if version < MIN_NODE_VERSION:
        return "Node.js must be {}.{} or newer, got {}.{}".format(*MIN_NODE_VERSION, *version)
    for command in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
        process = subprocess.run([npm, *command], cwd=WEB, capture_output=True, text=True)
        if process.returncode:
            output = (process.stderr or process.stdout).strip().splitlines() or ["no output"]
            return f"npm {command[0]} failed: {' '.join(output[-3:])[:300]}"
    _HASH_FILE.write_text(hash_sources(), "utf-8")
    return None


def is_built() -> bool:
    """Whether the app was built from the current sources."""
    return _HASH_FILE.is_file() and _HASH_FILE.read_text("utf-8") == hash_sources()


def hash_sources() -> str:
    """Return the SHA-256 of all files that the built app depends on."""
    digest = hashlib.sha256()
    for path in (*(WEB / name for name in _SOURCES), _MEME_FILE):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                content = file.read_bytes()
                digest.update(f"{file.relative_to(WEB.parent).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def node_version() -> tuple[int, int] | None:
    """Return the version of Node.js, or None if it is not installed."""
    node = shutil.which("node")
    if node is None:
        return None
    output = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    try:
        major, minor = output.split(".")[:2]
        return int(major), int(minor)
    except ValueError:
        return None


if __name__ == "__main__":
    if failure := build():
        sys.exit(f"the web app is not built: {failure}")
    print(f"the web app is built in {BUILD_FOLDER}")  # noqa: T201
