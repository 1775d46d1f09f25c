"""Hidden and system entries of folders, which no reader of a folder takes for data."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_SYSTEM_NAMES: Final = frozenset(
    {
        # macOS, in archives and on network drives
        ".ds_store",
        "__macosx",
        "icon\r",
        "network trash folder",
        "temporary items",
        # Windows
        "$recycle.bin",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "recycler",
        "system volume information",
        "thumbs.db",
        "thumbs.db:encryptable",
        # Linux
        "lost+found",
        # network storage by Synology and QNAP
        "#recycle",
        "#snapshot",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@tmp",
        "@__thumb",
        # Python
        "__pycache__",
    }
)


def is_system_name(name: str) -> bool:
    """Return whether a file or folder has a name that a system or a file manager gives to its own entries.

    Such entries appear without anyone asking for them and contain nothing that anyone would miss.

    Args:
        name: The last component of a path.
    """
    return name.casefold() in _SYSTEM_NAMES or name.startswith(("._", "~$"))


def is_hidden_name(name: str) -> bool:
    """Return whether a file or folder is hidden, because its name starts with a dot, or a system's own entry.

    Readers of folders skip such entries below the folder that they are given, but not that folder itself.

    Args:
        name: The last component of a path.

    Example:
        >>> [name for name in ("happy", ".ipynb_checkpoints", "@eaDir", "._a.png", "Thumbs.db") if is_hidden_name(name)]
        ['.ipynb_checkpoints', '@eaDir', '._a.png', 'Thumbs.db']
    """
    return name.startswith(".") or is_system_name(name)


def walk_visible_files(folder: str | Path, on_error: Callable[[OSError], object]) -> Iterator[str]:
    """Yield the paths of the files in a folder and below, in the order of names, without hidden and system entries.

    Links to folders are followed, but no folder is visited twice, and none around the given one.

    Args:
        folder: The folder.
        on_error: A function called with the error of each folder that cannot be read; it may raise.
    """
    # The folders around it count as visited: a link to one of them would lead out of the given folder, and back.
    visited = {str(parent) for parent in Path(os.path.realpath(folder)).parents}
    for parent, folders, files in os.walk(folder, onerror=on_error, followlinks=True):
        real_path = os.path.realpath(parent)
        if real_path in visited:
            folders.clear()
            continue
        visited.add(real_path)
        folders[:] = sorted(name for name in folders if not is_hidden_name(name))
        for name in sorted(files):
            if not is_hidden_name(name):
                yield os.path.join(parent, name)  # noqa: PTH118 - os.walk's paths, without a Path for each file
