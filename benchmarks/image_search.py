"""What a second search with a border, and tiles for long images, find and cost; and how long HEIC takes to decode.

    python -m benchmarks.image_search --faces LABELED.parquet --without-faces A.parquet B.parquet

`--faces` is a Parquet file as for `mememoji evaluate --images`, `--without-faces` files as for `mememoji detector
evaluate`, of which only the images without a face and without a region to ignore are read. Times are of the CPU, of one
thread, so that other processes do not count.
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from mememoji.analyzer import Analyzer
from mememoji.datasets.face_sets.labeled_parquet import read_labeled_parquet
from mememoji.image_io import encode_jpeg, read_image
from mememoji.types import UInt8Array

BORDERS = {"repeated": cv2.BORDER_REPLICATE, "gray": cv2.BORDER_CONSTANT}
WIDTHS = (0.15, 0.25, 0.4)
PORTRAIT = Path(__file__).parents[1] / "docs" / "images" / "astronaut.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--without-faces", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    analyzer = Analyzer()
    compare_borders(
        analyzer,
        [image.decode() for image in read_labeled_parquet(arguments.faces, "faces") if image.label >= 0],
        [image for path in arguments.without_faces for image in read_images_without_faces(path)],
    )
    time_long_images(analyzer)
    time_decoding()


def read_images_without_faces(path: Path) -> list[UInt8Array]:
    rows = pq.read_table(path, columns=["image", "faces", "ignore"]).to_pylist()
    return [read_image(row["image"]) for row in rows if not row["faces"] and not row["ignore"]]


def compare_borders(analyzer: Analyzer, faces: Sequence[UInt8Array], others: Sequence[UInt8Array]) -> None:
    missed = [image for image in faces if not analyzer.find_faces(image, thorough=False)]
    empty = [image for image in others if not analyzer.find_faces(image, thorough=False)]
    print(f"no face is found in {len(missed)} of {len(faces)} images with one")
    print(f"no face is found in {len(empty)} of {len(others)} images without one\n")
    print("| border | faces found | images with a false positive |\n|---|---|---|")
    for kind, border_type in BORDERS.items():
        for fraction in WIDTHS:
            found, false_positives = (
                sum(bool(analyzer.detector.detect(add_border(image, border_type, fraction))) for image in images)
                for images in (missed, empty)
            )
            print(f"| {kind}, {fraction} | {found} | {false_positives} |")
    found, false_positives = (sum(bool(analyzer.find_faces(image)) for image in images) for images in (missed, empty))
    print(f"| as in `Analyzer` | {found} | {false_positives} |\n")
    sample = empty[:40]
    once = cpu_milliseconds(lambda: [analyzer.find_faces(image, thorough=False) for image in sample]) / len(sample)
    twice = cpu_milliseconds(lambda: [analyzer.find_faces(image) for image in sample]) / len(sample)
    print(f"an image without a face: {once:.1f} ms, with the second search {twice:.1f} ms")


def add_border(image: UInt8Array, border_type: int, fraction: float) -> UInt8Array:
    width = round(fraction * max(image.shape[:2]))
    return np.asarray(
        cv2.copyMakeBorder(image, width, width, width, width, border_type, value=(128, 128, 128)), np.uint8
    )


def time_long_images(analyzer: Analyzer) -> None:
    face = read_image(PORTRAIT)[20:220, 130:330]
    for width, height in ((1080, 2400), (1440, 6000), (1080, 20_000)):
        image = np.full((height, width, 3), 245, np.uint8)
        tops = range(100, height - 250, 1600)
        for index, top in enumerate(tops):
            image[top : top + 200, 70 * index % 800 : 70 * index % 800 + 200] = face
        whole, tiles = (len(analyzer.find_faces(image, thorough=thorough)) for thorough in (False, True))
        before = cpu_milliseconds(lambda image=image: analyzer.find_faces(image, thorough=False))  # type: ignore[misc]
        after = cpu_milliseconds(lambda image=image: analyzer.find_faces(image))  # type: ignore[misc]
        print(
            f"{width}x{height}, {len(tops)} faces of 116 pixels: {whole} found in {before:.0f} ms, "
            f"with tiles {tiles} in {after:.0f} ms"
        )


def time_decoding() -> None:
    import pillow_heif

    image = Image.open(PORTRAIT).convert("RGB").resize((4032, 3024))
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=60)
    for name, content in {"HEIC": file.getvalue(), "JPEG": encode_jpeg(np.array(image))}.items():
        milliseconds = cpu_milliseconds(lambda content=content: read_image(content))  # type: ignore[misc]
        print(f"{name} of 4032x3024, {len(content) / 1e6:.2f} MB: {milliseconds:.0f} ms")


def cpu_milliseconds(call: Callable[[], object], repeats: int = 3) -> float:
    """Return the CPU time of a call in milliseconds, the least of some; the first call is not counted."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
