"""How a process that serves deals with its memory: kept for the next image, and seldom searched for garbage."""

import ctypes
import gc
import platform
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Parameters of mallopt(3)."""

_KEPT_BYTES: Final = 2**26
_LARGEST_BYTES: Final = 2**25

_COLLECTIONS: Final = (5_000, 20, 20)


def keep_freed_memory() -> bool:
    """Let this process keep up to 64 MiB that it has freed, in blocks of up to 32 MiB.

    By default glibc gives blocks of an image's size back to the kernel and asks for them again with the next image:
    2,700 page faults, a fourth of a request's time. It is a process's own matter, so who serves calls this, not the
    library.

    Returns:
        Whether it took effect; other C libraries than glibc have no such setting.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT_BYTES))


def spare_what_stays() -> None:
    """Take all objects that are there now, which stay, out of the garbage collector's rounds, and make these rarer.

    Most of a worker's objects are code and models. To go through them again and again took a twentieth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)
