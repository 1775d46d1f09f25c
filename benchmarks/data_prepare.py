"""Duration and peak memory of `mememoji data prepare` on a CSV of the official size, 35,887 rows.

    python benchmarks/data_prepare.py [--like fer2013.parquet]

Writes a CSV of the official form and size to a temporary folder, prepares it in a process of its own, and prints one
JSON line: date, machine, seconds, peak memory. Images are smooth random fields, which resemble each other less
than faces do; with `--like` they come from a real source, so that the search for duplicates costs what it costs there.
If the source has fewer rows than the official file, rows are repeated with noise.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.classification.preprocess import CROP_SIZE
from mememoji.datasets.fer2013.fer2013_reader import read_fer2013
from mememoji.datasets.fer2013.records import USAGES
from mememoji.version import __version__

USAGE_COUNTS = (28_709, 3_589, 3_589)
LIMIT_SECONDS, LIMIT_MIB = 60, 1_500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", type=Path, help="a real source to take images from")
    like = parser.parse_args().like
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "fer2013.csv"
        write_csv(
            source,
            make_synthetic_images(rng) if like is None else repeat_images(read_fer2013(like).samples.images, rng),
        )
        size = source.stat().st_size
        program = "import sys; from mememoji.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", program, "data", "prepare", str(source), "--out", f"{scratch}/prepared"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
    # Of the largest child, in KiB on Linux and in bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    record = {
        "date": datetime.date.today().isoformat(),
        "mememoji": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
        "images": "synthetic" if like is None else like.name,
        "csv_mb": round(size / 1e6),
        "seconds": round(seconds, 1),
        "peak_mib": round(peak),
        "within_limits": seconds < LIMIT_SECONDS and peak < LIMIT_MIB,
    }
    print(json.dumps(record))


def make_synthetic_images(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return (35887, 48, 48) uint8: smooth random fields with noise, all different."""
    images = np.empty((sum(USAGE_COUNTS), CROP_SIZE, CROP_SIZE), np.uint8)
    for image in images:
        shade = cv2.resize(rng.uniform(0, 255, (6, 6)), (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
        image[:] = np.clip(shade + rng.normal(0, 8, (CROP_SIZE, CROP_SIZE)), 0, 255)
    return images


def repeat_images(images: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return the images of a real source as (35887, 48, 48) uint8."""
    missing = rng.integers(len(images), size=max(0, sum(USAGE_COUNTS) - len(images)))
    noisy = np.clip(images[missing] + rng.normal(0, 8, (len(missing), CROP_SIZE, CROP_SIZE)), 0, 255).astype(np.uint8)
    return np.concatenate([images, noisy])[: sum(USAGE_COUNTS)]


def write_csv(path: Path, images: npt.NDArray[np.uint8]) -> None:
    usages = [usage for usage, count in zip(USAGES, USAGE_COUNTS, strict=True) for _ in range(count)]
    with path.open("w") as file:
        file.write("emotion,pixels,Usage\n")
        for row, (image, usage) in enumerate(zip(images, usages, strict=True)):
            file.write(f"{row % 7},{' '.join(map(str, image.reshape(-1).tolist()))},{usage}\n")


if __name__ == "__main__":
    main()
