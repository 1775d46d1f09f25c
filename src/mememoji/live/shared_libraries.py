"""Shared libraries that a program on Linux needs and the system lacks, and the packages that contain them."""

import ctypes
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_DYNAMIC_SECTION: Final = 6
_NEEDED: Final = 1

_DEBIAN: Final = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libz.so.1": "zlib1g",
}
"""Packages whose name does not follow from the name of the library."""

_FEDORA: Final = {
    "libEGL.so.1": "libglvnd-egl",
    "libGL.so.1": "libglvnd-glx",
    "libX11-xcb.so.1": "libX11-xcb",
    "libX11.so.6": "libX11",
    "libdbus-1.so.3": "dbus-libs",
    "libfontconfig.so.1": "fontconfig",
    "libfreetype.so.6": "freetype",
    "libglib-2.0.so.0": "glib2",
    "libgthread-2.0.so.0": "glib2",
    "libwayland-client.so.0": "libwayland-client",
    "libwayland-cursor.so.0": "libwayland-cursor",
    "libxcb-cursor.so.0": "xcb-util-cursor",
    "libxcb-icccm.so.4": "xcb-util-wm",
    "libxcb-image.so.0": "xcb-util-image",
    "libxcb-keysyms.so.1": "xcb-util-keysyms",
    "libxcb-render-util.so.0": "xcb-util-renderutil",
    "libxcb-util.so.1": "xcb-util",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11",
    "libxkbcommon.so.0": "libxkbcommon",
}


def find_missing_libraries(file: Path, folder: Path) -> list[str]:
    """Return the libraries that a program or library needs and the loader does not find, in the order of their names.

    Args:
        file: The file, in the 64-bit ELF format of this machine; other files need none.
        folder: A folder of libraries that belong to it. What these need is checked too.
    """
    missing: set[str] = set()
    checked: set[str] = set()
    pending = [file]
    while pending:
        for name in set(_read_needed(pending.pop())) - checked:
            checked.add(name)
            if (folder / name).exists():
                pending.append(folder / name)
            elif not _can_load(name):
                missing.add(name)
    return sorted(missing)


def describe_packages(libraries: Iterable[str]) -> str:
    """Return the commands that install libraries, for Debian and for Fedora.

    Example:
        >>> describe_packages(["libxcb-cursor.so.0"])
        'apt install libxcb-cursor0 (Debian, Ubuntu) or dnf install xcb-util-cursor (Fedora)'
    """
    names = list(libraries)
    debian = " ".join(sorted({_name_debian_package(name) for name in names}))
    fedora = " ".join(sorted({_name_fedora_package(name) for name in names}))
    return f"apt install {debian} (Debian, Ubuntu) or dnf install {fedora} (Fedora)"


def _name_debian_package(library: str) -> str:
    if library in _DEBIAN:
        return _DEBIAN[library]
    # Debian's policy: the name and the version of the library, with a hyphen between two digits.
    name, _, version = library.lower().partition(".so.")
    return f"{name}-{version}" if name[-1:].isdigit() else f"{name}{version}"


def _name_fedora_package(library: str) -> str:
    if library in _FEDORA:
        return _FEDORA[library]
    # The other parts of XCB are in one package; dnf finds any other package by the library itself.
    return "libxcb" if re.match(r"libxcb[-.]", library) else f"'{library}()(64bit)'"


def _can_load(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _read_needed(file: Path) -> Iterator[str]:
    """Yield the names of the libraries that an ELF file is linked with."""
    content = file.read_bytes()
    if not content.startswith(b"\x7fELF\x02\x01"):
        return
    (table,) = struct.unpack_from("<Q", content, 40)
    entry_size, num_entries = struct.unpack_from("<HH", content, 58)
    # Each section as its type, offset, size and the index of the section that it refers to.
    fields = [struct.unpack_from("<4xI16xQQI", content, table + entry_size * index) for index in range(num_entries)]
    for kind, offset, size, link in fields:
        if kind != _DYNAMIC_SECTION:
            continue
        names = fields[link][1]
        for position in range(offset, offset + size, 16):
            tag, value = struct.unpack_from("<qQ", content, position)
            if tag == _NEEDED:
                start = names + value
                yield content[start : content.index(b"\0", start)].decode("ascii", "replace")
