"""Builds the web app into the package, where Node.js is and the app is not built from these sources already.

python web/build.py
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
BUILT = WEB.parent / "src" / "mememoji" / "service" / "static"
OLDEST_NODE = (20, 19)

_STAMP = BUILT / "sources.sha256"
_MEME = WEB.parent / "src" / "mememoji" / "drawing" / "memes" / "meme.json"
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
    """Build the app unless it is there. Returns None, or in a few words why it could not be built."""
    if is_built():
        return None
    npm = shutil.which("npm")
    version = node_version()
    if npm is None or version is None:
        return "Node.js and npm are not installed; install version {}.{} or newer".format(*OLDEST_NODE)
    if version < OLDEST_NODE:
        return "Node.js {}.{} or newer is needed, found {}.{}".format(*OLDEST_NODE, *version)
    for command in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
        done = subprocess.run([npm, *command], cwd=WEB, capture_output=True, text=True)
        if done.returncode:
            told = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
            return f"npm {command[0]} failed: {' '.join(told[-3:])[:300]}"
    _STAMP.write_text(sources_hash(), "utf-8")
    return None


def is_built() -> bool:
    """Whether the app was built from the sources that are here."""
    return _STAMP.is_file() and _STAMP.read_text("utf-8") == sources_hash()


def sources_hash() -> str:
    """A hash over all that the built app depends on."""
    digest = hashlib.sha256()
    for path in (*(WEB / name for name in _SOURCES), _MEME):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                content = file.read_bytes()
                digest.update(f"{file.relative_to(WEB.parent).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def node_version() -> tuple[int, int] | None:
    """Node's version, None where there is no Node."""
    node = shutil.which("node")
    if node is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    try:
        major, minor = told.split(".")[:2]
        return int(major), int(minor)
    except ValueError:
        return None


if __name__ == "__main__":
    if failure := build():
        sys.exit(f"the web app is not built: {failure}")
    print(f"the web app is built in {BUILT}")  # noqa: T201
