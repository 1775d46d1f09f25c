"""Memory tuning, in separate processes: the settings apply to a whole process."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, threading
import numpy as np
from mememoji.service.server.memory import tune_malloc

tuned = tune_malloc() if {tuned} else None

def work():
    for _ in range(100):
        _ = [np.ones((480, 640, 3), np.float32) for _ in range(4)]

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(tuned, faults())
"""


def page_faults(*, tuned: bool) -> tuple[str, int]:
    """Return the call's result and the page faults of a hundred rounds of four arrays in a thread."""
    code = FAULTS.format(tuned=tuned)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    returned, faults = done.stdout.split()
    return returned, int(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_tune_malloc_reuses_freed_memory() -> None:
    _, usual = page_faults(tuned=False)
    returned, fewer = page_faults(tuned=True)
    assert returned == "True"
    # Four arrays of 3.7 MB are 3,600 pages; without the setting, most of the hundred rounds request them again.
    assert usual > 100_000
    assert fewer < 8_000


def test_freeze_gc_still_collects_later_cycles() -> None:
    code = """
import gc, weakref
from mememoji.service.server.memory import freeze_gc

class Node: pass

def cycle():
    node = Node()
    node.itself = node
    return weakref.ref(node)

freeze_gc()
assert gc.get_freeze_count() > 1_000
later = cycle()
kept = [[] for _ in range(20_000)]
assert later() is None
"""
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
