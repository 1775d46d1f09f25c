"""Memory kept from image to image, in processes of their own: the setting holds for a whole process."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, threading
import numpy as np
from mememoji.service.server.memory import keep_freed_memory

kept = keep_freed_memory() if {kept} else None

def work():
    for _ in range(100):
        _ = [np.ones((480, 640, 3), np.float32) for _ in range(4)]

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(kept, faults())
"""


def page_faults(*, kept: bool) -> tuple[str, int]:
    """What the call gave, and the page faults of a hundred rounds of four arrays, made and dropped in a thread."""
    code = FAULTS.format(kept=kept)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    said, faults = done.stdout.split()
    return said, int(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_a_picture_takes_the_place_of_the_one_before() -> None:
    _, usual = page_faults(kept=False)
    said, fewer = page_faults(kept=True)
    assert said == "True"
    # Four arrays of 3.7 MB are 3,600 pages; without the setting most of the hundred rounds ask for them anew.
    assert usual > 100_000
    assert fewer < 8_000


def test_what_is_there_is_spared_and_later_cycles_are_not() -> None:
    code = """
import gc, weakref
from mememoji.service.server.memory import spare_what_stays

class Node: pass

def cycle():
    node = Node()
    node.itself = node
    return weakref.ref(node)

spare_what_stays()
assert gc.get_freeze_count() > 1_000
later = cycle()
kept = [[] for _ in range(20_000)]
assert later() is None
"""
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
